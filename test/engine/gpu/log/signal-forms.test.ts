import { describe, expect, it } from "vitest";

import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import { fieldsOf, onlyEvent } from "./only-event.ts";

const PCI = "0000:3b:00.0";
const AT = Date.UTC(2025, 1, 23, 10, 0, 0);

describe("lines without an XID", () => {
  it.each<[signal: string, line: string, expected: object]>([
    ["boot", "[    0.000000] Linux version 6.8.0-60-generic (buildd@lcy02) #63-Ubuntu SMP", { uptimeS: 0 }],
    ["driver_load", "[    9.1] NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  570.158.01  Release Build", {}],
    ["api_mismatch", "[ 99.1] NVRM: API mismatch: the client has the version 550.54.15, but", {}],
    ["gsp_init_failed", "[ 99.1] NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x62:0x55:2477)", { pci: PCI }],
    ["gsp_init_failed", "[ 99.1] NVRM: RmInitAdapter failed! (0x26:0x56:1482)", {}],
    ["gsp_init_failed", "[ 99.1] NVRM: GPU0 kgspInitRm_IMPL: unexpected WPR2 already up, cannot proceed", {}],
    ["nvlink_training", "[ 30.1] NVRM: GPU2 knvlinkTrainFabricLinks: link training in progress", {}],
    ["nvlink_training", "[ 30.1] nvidia-nvlink: link 4 training to active", {}],
    ["gpu_lost", "[ 99.1] NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus.", { pci: PCI }],
    ["gpu_lost", "[ 99.1] NVRM: GPU at 0000:3b:00.0 has fallen off the bus.", { pci: PCI }],
    ["aer_fatal", "[ 9.1] pcieport 0000:3a:00.0: AER: Uncorrected (Fatal) error received: 0000:3b:00.0", { pci: PCI }],
    [
      "aer_fatal",
      "[ 9.1] pcieport 0000:3a:00.0: AER: Multiple Uncorrectable (Fatal) error message received from 0000:3b:00.0",
      { pci: PCI },
    ],
    [
      "aer_uncorrected",
      "[ 9.1] pcieport 0000:3a:00.0: AER: Uncorrected (Non-Fatal) error received: 0000:3b:00.0",
      { pci: PCI },
    ],
    [
      "aer_corrected",
      "[ 9.1] pcieport 0000:3a:00.0: AER: Correctable error message received from 0000:3b:00.0",
      { pci: PCI },
    ],
    ["aer_corrected", "[ 9.1] pcieport 0000:3a:00.0: AER: Corrected error received: id=0010", { pci: "0000:3a:00.0" }],
    [
      "aer_corrected",
      "[ 9.1] nvidia 0000:3b:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)",
      { pci: PCI },
    ],
    [
      "pcie_bandwidth_limited",
      "[ 3.1] pci 0000:3b:00.0: 63.008 Gb/s available PCIe bandwidth, limited by 8.0 GT/s PCIe x8 link at 0000:3a:00.0 (capable of 252.048 Gb/s)",
      { pci: PCI },
    ],
    [
      "oom_killer",
      "[ 9.1] Out of memory: Killed process 4242 (python3) total-vm:1kB",
      { pid: 4242, processName: "python3" },
    ],
    ["oom_killer", "[ 9.1] Memory cgroup out of memory: Killed process 4242 (pt_main) total-vm:1kB", { pid: 4242 }],
    ["oom_killer", "[ 9.1] Out of memory: Kill process 4242 (python) score 900 or sacrifice child", { pid: 4242 }],
    ["ib_link_down", "[ 9.1] mlx5_core 0000:5c:00.0 ib0: Link down", { device: "ib0", pci: "0000:5c:00.0" }],
    ["ib_link_up", "[ 9.1] mlx5_core 0000:5c:00.0 mlx5_5: Port: 1 Link ACTIVE", { device: "mlx5_5" }],
    ["ib_link_down", "[ 9.1] mlx5_core 0000:5c:00.0: Port: 1 Link DOWN", { device: "0000:5c:00.0" }],
    ["ib_link_up", "[ 9.1] IPv6: ADDRCONF(NETDEV_CHANGE): ib0: link becomes ready", { device: "ib0" }],
    [
      "ib_link_down",
      "Feb 23 10:00:00 node-07 systemd-networkd[900]: ib0: Lost carrier",
      { device: "ib0", host: "node-07" },
    ],
    [
      "ib_high_temperature",
      "[ 9.1] mlx5_core 0000:5c:00.0: Port module event[error]: module 0, Cable error, High Temperature",
      {},
    ],
    [
      "ib_high_temperature",
      "[ 9.1] mlx5_core 0000:5c:00.0: temp_warn:225:(pid 0): High temperature on sensors with bit set 0 1",
      {},
    ],
    [
      "fabric_manager_version_mismatch",
      "Feb 23 10:00:00 n nv-fabricmanager[2417]: fabric manager NVIDIA GPU driver interface version 550.54.15 don't match with driver version 570.158.01.",
      {},
    ],
    [
      "fabric_manager_error",
      "[Feb 23 2025 10:00:00] [ERROR] [tid 404868] detected NVSwitch fatal error 20034 on fid 0",
      { atMs: AT },
    ],
    [
      "fabric_manager_error",
      "Feb 23 10:00:00 n nv-fabricmanager: failed to find the GPU handle 7 in the multicast team",
      {},
    ],
    ["nvml_init_failed", "Failed to initialize NVML: Driver/library version mismatch", {}],
    ["nvml_unknown_error", "Failed to initialize NVML: Unknown Error", {}],
    [
      "cuda_out_of_memory",
      "[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 3 has a total capacity of 79.10 GiB",
      { device: "cuda:3" },
    ],
    ["cuda_out_of_memory", "CUDA driver error: CUDA_ERROR_OUT_OF_MEMORY", {}],
    ["cuda_not_initialized", "RuntimeError: CUDA initialization: Error 802: system not yet initialized", {}],
    [
      "nccl_timeout",
      "[rank1]:[E1122] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=9, OpType=ALLREDUCE)",
      {},
    ],
    [
      "nccl_timeout",
      "node-07:4242:4310 [0] NCCL WARN NET/IB : Got completion from peer 10.0.0.8 with status=12 opcode=0 len=0 vendor err 129",
      {},
    ],
    ["numeric_anomaly", "step 48211 loss=nan grad_norm=inf rank=3 device=cuda:3", { device: "cuda:3" }],
    [
      "numeric_anomaly",
      "replay of step 48211 on a spare node gives loss=1.8: result differs on cuda:5",
      { device: "cuda:5" },
    ],
    [
      "power_alarm",
      "Feb 23 10:00:00 n ipmievd[1873]: Power Supply sensor PSU3_Status - Power Supply AC lost Asserted",
      {},
    ],
    ["reset_in_use", "GPU 00000000:3B:00.0 could not be reset: In use by another client", {}],
  ])("reads %s", (signal, line, expected) => {
    const all = { kind: "signal", signal, ...expected };
    expect(fieldsOf(onlyEvent(line), all)).toMatchObject(all);
  });

  it.each([
    "[ 9.1] mlx5_core 0000:5c:00.0 mlx5_5: Port: 1 Link INIT",
    "[ 9.1] nvidia 0000:3b:00.0: AER: can't recover (no error_detected callback)",
    "[ 9.1] NVRM: The NVIDIA probe routine failed for 1 device(s).",
    "Feb 23 10:00:00 n nv-fabricmanager: NVSwitch driver failed with WARNING Nothing to do [NV_WARN_NOTHING_TO_DO]",
    "Feb 23 10:00:00 n ipmievd[1873]: Power Supply sensor PSU3_Status - Power Supply AC lost Deasserted",
    "Feb 23 10:00:00 n systemd-networkd[900]: wlan0: Lost carrier",
    "[ 9.1] nvidia-nvswitch3: SXid (PCI:0000:04:00.0): 22013, Data {0x0000002b, 0x0000002b}",
    "step 48211 loss=1.83 device=cuda:3",
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.158.01",
    "",
  ])("finds nothing in %j", (line) => {
    expect(parseLog(line)).toMatchObject({ events: [], skippedLines: 0 });
  });
});

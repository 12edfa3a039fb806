import { hash32 } from "../../../lib/random.ts";
import { type LogLine, kernel } from "./fault.ts";
import type { NodeSpec } from "./node-spec.ts";

/** Ordinary lines go back this far; older ones have been rotated away. */
const NOISE_WINDOW_MS = 2 * 3_600_000;
const NOISE_STEP_MS = 90_000;

/**
 * The node's journal as `journalctl -o short-iso` prints it: the last boot, everyday lines, and the fault's own lines up
 * to now. Text ends with a newline.
 */
export function renderKernelLog(spec: NodeSpec, faultLines: readonly LogLine[], nowMs: number): string {
  const lines = [...bootLines(spec), ...everydayLines(spec, nowMs), ...faultLines]
    .filter((line) => line.atMs <= nowMs)
    // The sort is stable, so lines of the same second keep their order.
    .sort((left, right) => Math.floor(left.atMs / 1000) - Math.floor(right.atMs / 1000));
  return lines.map((line) => `${isoSecond(line.atMs)} ${spec.hostname} ${line.program}: ${line.text}\n`).join("");
}

function isoSecond(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, "+00:00");
}

function bootLines(spec: NodeSpec): LogLine[] {
  const at = (seconds: number): number => spec.bootAtMs + seconds * 1000;
  const device = `${spec.model.pciDeviceId.slice(4)}:${spec.model.pciDeviceId.slice(0, 4)}`.toLowerCase();
  const lines = [
    kernel(at(0), "Linux version 6.8.0-60-generic (buildd@lcy02-amd64-054) #63-Ubuntu SMP PREEMPT_DYNAMIC"),
    kernel(at(0), "Command line: BOOT_IMAGE=/vmlinuz-6.8.0-60-generic root=/dev/mapper/vg0-root ro iommu=pt"),
    kernel(at(0), "BIOS-provided physical RAM map:"),
    kernel(at(1), "PCI: Using configuration type 1 for base access"),
    ...spec.gpus.map((gpu) => kernel(at(2), `pci ${gpu.pci}: [${device}] type 00 class 0x030200 PCIe Endpoint`)),
    kernel(at(4), "igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Up 1000 Mbps Full Duplex, Flow Control: RX"),
    kernel(at(6), "mlx5_core 0000:5c:00.0: firmware version: 28.39.3004"),
    { atMs: at(8), program: "systemd[1]", text: "Reached target network-online.target - Network is Online." },
    kernel(at(9), "nvidia: module license 'Dual MIT/GPL' taints kernel."),
    kernel(
      at(9),
      `NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  ${spec.model.driverVersion}  Release Build  (dvs-builder@U22)`,
    ),
    ...spec.gpus.map((gpu) => kernel(at(10), `nvidia ${gpu.pci}: enabling device (0140 -> 0142)`)),
    { atMs: at(20), program: "nvidia-persistenced[2201]", text: "Started (2201)" },
  ];
  if (spec.model.nvlink !== undefined) {
    lines.push(kernel(at(9), "nvidia-nvlink: Nvlink Core is being initialized, major device number 234"));
  }
  return lines;
}

const EVERYDAY: readonly (readonly [program: string, text: string])[] = [
  ["systemd[1]", "Started session-{n}.scope - Session {n} of User svc-train."],
  ["systemd[1]", "Starting sysstat-collect.service - system activity accounting tool..."],
  ["systemd[1]", "sysstat-collect.service: Deactivated successfully."],
  ["CRON[{n}]", "(root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)"],
  ["kernel", "perf: interrupt took too long ({n} > 4951), lowering kernel.perf_event_max_sample_rate to 40000"],
  ["kernel", 'audit: type=1400 audit({n}): apparmor="ALLOWED" operation="open" profile="snap.lxd"'],
  ["kubelet[3114]", 'kubelet_volumes.go:163 "Cleaned up orphaned pod volumes dir" podUID="{n}"'],
  ["containerd[2890]", 'time="now" level=info msg="cleaning up dead shim" id={n}'],
  ["kernel", "nfs: server storage-{n} OK"],
  ["dbus-daemon[1402]", "[system] Successfully activated service 'org.freedesktop.hostname1'"],
];

function everydayLines(spec: NodeSpec, nowMs: number): LogLine[] {
  const from = Math.max(spec.bootAtMs + 60_000, nowMs - NOISE_WINDOW_MS);
  const lines: LogLine[] = [];
  for (let step = Math.ceil(from / NOISE_STEP_MS); step * NOISE_STEP_MS <= nowMs; step += 1) {
    const hash = hash32(`${spec.key}:noise:${step}`);
    const [program, text] = EVERYDAY[hash % EVERYDAY.length] ?? ["kernel", "tick"];
    const number = String(1000 + ((hash >>> 8) % 60_000));
    const atMs = step * NOISE_STEP_MS + ((hash >>> 16) % 60) * 1000;
    lines.push({ atMs, program: program.replace("{n}", number), text: text.replaceAll("{n}", number) });
  }
  return lines;
}

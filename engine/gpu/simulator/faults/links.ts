import type { NvlinkReading } from "../../reading.ts";
import {
  after,
  allGpus,
  boardLines,
  countSince,
  type Fault,
  type FaultContext,
  gpuOf,
  jobLine,
  jobProcess,
  kernel,
  type NodeDraft,
  NO_PROCESS,
  stopJob,
  xidLine,
} from "../fault.ts";

const NVSWITCH = "nvidia-nvswitch0: SXid (PCI:0000:c4:00.0):";

/** XID 74 on one link of the A100 and H100 generation. */
export const nvlinkErrors: Fault = {
  needs: "NVLink",
  apply(draft, context) {
    breakLink(draft, context.gpu, linkOf(context));
    for (const index of allGpus(context)) {
      // Collectives wait for the slow rank, so every GPU computes less.
      const gpu = gpuOf(draft, index);
      if (gpu.utilizationPct !== undefined) gpu.utilizationPct = Math.max(0, gpu.utilizationPct - 35);
    }
  },
  log(context) {
    const text = `${NO_PROCESS}, NVLink: fatal error detected on link ${linkOf(context)}(0x0, 0x0, 0x20000, 0x0, 0x0, 0x0, 0x0)`;
    return [
      ...boardLines(context.identity, after(context, 0)),
      xidLine(context.identity, 74, after(context, 0), text),
      xidLine(context.identity, 74, after(context, 420), text),
      jobLine(
        context,
        context.gpu,
        after(context, 430),
        "step time 3.81 s, median of the last hour 1.64 s: all-reduce is slow",
      ),
    ];
  },
};

/** XID 149 with 154 on NVLink5: link down, then the driver asks for a GPU reset. */
export const nvlinkErrorsBlackwell: Fault = {
  needs: "NVLink 5",
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
    breakLink(draft, context.gpu, linkOf(context));
    const gpu = gpuOf(draft, context.gpu);
    gpu.isResetRequired = true;
    gpu.recoveryAction = "Reset";
  },
  log(context) {
    const link = String(linkOf(context)).padStart(2, "0");
    const peer = context.peers[0];
    return [
      ...boardLines(context.identity, after(context, 0)),
      // Bits 25:20 of the first word are 4: a signal fault of this link.
      xidLine(
        context.identity,
        149,
        after(context, 0),
        `NETIR_LINK_EVT Fatal   XC0 i0 Link ${link} (0x004505c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)`,
      ),
      xidLine(
        context.identity,
        154,
        after(context, 1),
        `${NO_PROCESS}, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)`,
      ),
      ...(peer === undefined
        ? []
        : [
            xidLine(
              peer,
              145,
              after(context, 1),
              `RLW_SRC_TRACK Nonfatal XC0 i0 Link ${link} (0x00000004 0x00000008 0x00000000 0x00000000 0x00000000 0x00000000)`,
            ),
          ]),
      xidLine(
        context.identity,
        45,
        after(context, 2),
        `${jobProcess(context, context.gpu)}, Ch 00000012, caused by previous Xid 149`,
      ),
    ];
  },
};

/** A fatal SXID and the loss of a link on every GPU at once. */
export const nvswitchFatal: Fault = {
  needs: "NVLink",
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
    for (const index of allGpus(context)) breakLink(draft, index, linkOf(context));
  },
  log(context) {
    const link = linkOf(context);
    return [
      kernel(after(context, 0), `${NVSWITCH} 19084, Fatal, Link 28 AN1 Heartbeat Timeout Error (First)`),
      kernel(after(context, 0), `${NVSWITCH} 19084, Severity 1 Engine instance 28 Sub-engine instance 00`),
      kernel(
        after(context, 0),
        `${NVSWITCH} 19084, Data {0x00000001, 0x00000001, 0x00000000, 0x00000001, 0x80000000, 0x00000000, 0x00000000}`,
      ),
      {
        atMs: after(context, 1),
        program: "nv-fabricmanager[2417]",
        text: "detected NVSwitch fatal error 19084 on fid 0 on NVSwitch pci bus id 00000000:C4:00.0 physical id 8 port 28",
      },
      ...context.spec.gpus.flatMap((gpu) => [
        ...boardLines(gpu, after(context, 1)),
        xidLine(
          gpu,
          74,
          after(context, 1),
          `${NO_PROCESS}, NVLink: fatal error detected on link ${link}(0x0, 0x0, 0x20000, 0x0, 0x0, 0x0, 0x0)`,
        ),
        xidLine(gpu, 45, after(context, 3), `${jobProcess(context, gpu.index)}, Ch 0000000b`),
      ]),
    ];
  },
};

/** Minutes after a boot: links went down and up while they trained. Nothing is wrong. */
export const bootNvlinkTraining: Fault = {
  needs: "NVLink 5",
  uptimeMs: (random) => Math.round((4 + 3 * random()) * 60_000),
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
  },
  log: (context) =>
    context.spec.gpus.flatMap((gpu) =>
      [0, 1].map((turn) =>
        xidLine(
          gpu,
          149,
          after(context, 42 + 3 * gpu.index + 11 * turn),
          `NETIR_LINK_EVT Nonfatal XC0 i0 Link ${String((linkOf(context) + turn) % 18).padStart(2, "0")} (0x000005c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)`,
        ),
      ),
    ),
};

/** Half the PCIe lanes since boot, with replays and corrected bus errors. */
export const pcieDegraded: Fault = {
  uptimeMs: (random) => Math.round((2 + 4 * random()) * 3_600_000),
  apply(draft, context) {
    const gpu = gpuOf(draft, context.gpu);
    gpu.pcieWidth = 8;
    gpu.pcieReplayCount = countSince(context, REPLAYS_PER_MINUTE);
    gpu.pcieReplaysPerMinute = REPLAYS_PER_MINUTE;
  },
  log(context) {
    const { pci, upstream } = context.identity;
    const speed = LINK_SPEEDS[context.spec.model.pcieGeneration] ?? "32.0 GT/s";
    const [half, full] = LINK_RATES[context.spec.model.pcieGeneration] ?? ["252.048", "504.112"];
    const aer = [900, 2700, 5400].flatMap((seconds) => [
      kernel(after(context, seconds), `pcieport ${upstream}: AER: Correctable error message received from ${pci}`),
      kernel(
        after(context, seconds),
        `nvidia ${pci}: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)`,
      ),
    ]);
    return [
      kernel(
        after(context, 3),
        `pci ${pci}: ${half} Gb/s available PCIe bandwidth, limited by ${speed} PCIe x8 link at ${upstream} (capable of ${full} Gb/s with ${speed} PCIe x16 link)`,
      ),
      ...aer,
    ];
  },
};

/** Above the lane limits of every generation simulated (31 for Gen5 x16). */
const REPLAYS_PER_MINUTE = 46;

const LINK_SPEEDS: Readonly<Record<number, string>> = { 3: "8.0 GT/s", 4: "16.0 GT/s", 5: "32.0 GT/s" };
const LINK_RATES: Readonly<Record<number, readonly [string, string]>> = {
  3: ["63.008", "126.016"],
  4: ["126.024", "252.048"],
  5: ["252.048", "504.112"],
};

/** The same link number on every GPU, drawn from the seed through the board's identity. */
function linkOf(context: FaultContext): number {
  const links = context.spec.model.nvlink?.links ?? 1;
  return Number.parseInt(context.identity.uuid.slice(4, 8), 16) % links;
}

function breakLink(draft: NodeDraft, index: number, link: number): void {
  const gpu = gpuOf(draft, index);
  gpu.nvlinks = gpu.nvlinks?.map((row): NvlinkReading => {
    if (row.link !== link) return row;
    // Counters stop when the link is down, a few seconds after the fault began.
    return { link, isActive: false, replayErrors: 14, recoveryErrors: 3, crcErrors: 2_148 };
  });
}

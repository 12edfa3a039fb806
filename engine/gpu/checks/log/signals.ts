import type { SignalEvent } from "../../event.ts";
import type { Finding } from "../../finding.ts";
import type { NodeReading } from "../../reading.ts";
import type { Action } from "../../vocabulary.ts";
import { isNotEmpty, observe } from "./observation.ts";
import type { Observation } from "./observation.ts";
import type { TimedEvent, Timeline } from "./timeline.ts";

export type TimedSignal = TimedEvent<SignalEvent>;
type Signal = SignalEvent["signal"];

interface SignalRow extends Pick<Finding, "component" | "severity" | "verdict" | "title" | "action" | "source"> {
  readonly rule: string;
  readonly followUp?: readonly Action[];
  /** Fewer records than this within the present boot are a remark only. */
  readonly atLeast?: number;
}

/** More corrected bus errors than this are a burst; single ones are normal. Source: incident I18. */
const AER_BURST = 10;

/** Lines that mean the same however often they come. Signals that need more than a row have a rule in another file. */
const SIGNALS: Readonly<Partial<Record<Signal, SignalRow>>> = {
  aer_fatal: {
    rule: "pcie.aer_fatal",
    component: "pcie",
    severity: "critical",
    verdict: "gpu_degraded",
    title: "Fatal PCIe bus error",
    action: "RESEAT",
    followUp: ["INSPECT_HOST"],
    source: "incidents I04 and I18: AER lines",
  },
  aer_uncorrected: {
    rule: "pcie.aer_uncorrected",
    component: "pcie",
    severity: "warning",
    verdict: "gpu_degraded",
    title: "Uncorrected, non-fatal PCIe bus error",
    action: "RESEAT",
    followUp: ["INSPECT_HOST"],
    source: "incidents I04 and I18: AER lines",
  },
  aer_corrected: {
    rule: "pcie.aer_corrected",
    component: "pcie",
    severity: "warning",
    verdict: "gpu_degraded",
    title: "Burst of corrected PCIe bus errors",
    action: "RESEAT",
    followUp: ["WATCH"],
    atLeast: AER_BURST,
    source: "incident I18: correctable AER bursts",
  },
  pcie_bandwidth_limited: {
    rule: "pcie.bandwidth_limited",
    component: "pcie",
    severity: "warning",
    verdict: "gpu_degraded",
    title: "The kernel says that the slot limits the PCIe bandwidth",
    action: "RESEAT",
    followUp: ["INSPECT_HOST"],
    source: "incident I18: available PCIe bandwidth, limited by",
  },
  oom_killer: {
    rule: "app.oom_killer",
    component: "app",
    severity: "warning",
    verdict: "app",
    title: "The kernel ended a process because the host ran out of memory",
    action: "CHECK_APP",
    source: "incident I15: host side of a failed job",
  },
  cuda_out_of_memory: {
    rule: "app.cuda_out_of_memory",
    component: "app",
    severity: "info",
    verdict: "app",
    title: "A program ran out of GPU memory",
    action: "CHECK_APP",
    source: "incident I17: out of memory is not a device fault",
  },
  api_mismatch: {
    rule: "driver.api_mismatch",
    component: "driver",
    severity: "warning",
    verdict: "driver",
    title: "Programs use another driver version than the loaded kernel module",
    action: "UPDATE_DRIVER",
    followUp: ["REBOOT_NODE"],
    source: "incident I09: driver and library version mismatch",
  },
  nvml_init_failed: {
    rule: "driver.nvml_init_failed",
    component: "driver",
    severity: "warning",
    verdict: "driver",
    title: "A program could not initialise NVML",
    action: "UPDATE_DRIVER",
    followUp: ["REBOOT_NODE"],
    source: "incident I09: driver and library version mismatch",
  },
  nvml_unknown_error: {
    rule: "driver.container_lost_gpu",
    component: "driver",
    severity: "warning",
    verdict: "driver",
    title: "A container lost its GPU devices",
    action: "RESTART_APP",
    source: "incident I21: container lost its GPU after a daemon reload",
  },
  gsp_init_failed: {
    rule: "firmware.init_failed",
    component: "firmware",
    severity: "critical",
    verdict: "gpu_degraded",
    title: "The driver could not start the GPU's system processor",
    action: "RESET_GPU",
    followUp: ["REBOOT_NODE", "UPDATE_DRIVER", "RMA_REVIEW"],
    source: "incident I05: GSP firmware",
  },
  fabric_manager_version_mismatch: {
    rule: "fabric.manager_version_log",
    component: "fabric",
    severity: "critical",
    verdict: "fabric",
    title: "The fabric manager refuses to run with this driver version",
    action: "RESTART_FABRIC_MANAGER",
    followUp: ["UPDATE_DRIVER"],
    source: "incident I08: fabric manager missing or version mismatch",
  },
  cuda_not_initialized: {
    rule: "fabric.cuda_not_initialized",
    component: "fabric",
    severity: "critical",
    verdict: "fabric",
    title: "CUDA reports that the system is not initialised (802): the fabric is not set up",
    action: "RESTART_FABRIC_MANAGER",
    source: "incident I08: error 802",
  },
  power_alarm: {
    rule: "power.alarm",
    component: "power",
    severity: "warning",
    verdict: "power",
    title: "Alarm of a power supply",
    action: "CHECK_POWER",
    source: "incidents I12 and I25: power supply alarms",
  },
  reset_in_use: {
    rule: "driver.reset_in_use",
    component: "driver",
    severity: "warning",
    verdict: "driver",
    title: "A GPU could not be reset because a client still holds it",
    action: "INSPECT_HOST",
    followUp: ["REBOOT_NODE"],
    source: "incident I22: in use by another client",
  },
};

/** Bus errors are reported by the device they are about, which need not be a GPU. */
const IS_BUS_SIGNAL: ReadonlySet<Signal> = new Set([
  "aer_fatal",
  "aer_uncorrected",
  "aer_corrected",
  "pcie_bandwidth_limited",
]);

/** Signals of the present boot, one observation per kind and GPU. */
export function currentSignals(timeline: Timeline, ...kinds: readonly Signal[]): TimedSignal[] {
  return timeline.events.filter(
    (timed): timed is TimedSignal =>
      timed.event.kind === "signal" &&
      kinds.includes(timed.event.signal) &&
      timed.moment.boot === timeline.currentBoot(timed.host),
  );
}

export function signalRules(timeline: Timeline, node?: NodeReading): Observation[] {
  const kinds = Object.keys(SIGNALS) as Signal[]; // the keys of SIGNALS are signals by its type
  const groups = Map.groupBy(
    currentSignals(timeline, ...kinds),
    ({ event, host, gpu }) => `${host}|${gpu?.key ?? event.pci ?? ""}|${event.signal}`,
  );
  return [...groups.values()].flatMap((group) => {
    if (!isNotEmpty(group)) return [];
    const { event } = group[0];
    const row = SIGNALS[event.signal];
    if (row === undefined) return [];
    return [isForeignDevice(group[0], node) ? otherDevice(group, row) : fromRow(group, row)];
  });
}

type Group = readonly [TimedSignal, ...TimedSignal[]];

function fromRow(group: Group, row: SignalRow): Observation {
  const { rule, followUp, atLeast = 1, ...grade } = row;
  const { gpu } = group[0];
  const isRemark = group.length < atLeast;
  return observe(
    group,
    {
      ...grade,
      rule,
      ...(isRemark ? { severity: "info", verdict: "healthy", action: "NONE", isMeasuredOnly: true } : {}),
      ...(gpu === undefined ? {} : { gpu }),
    },
    followUp === undefined ? {} : { followUp },
  );
}

/** A bus error of a device that the reading knows not to be a GPU: the host's, and only worth acting on when fatal. */
function otherDevice(group: Group, row: SignalRow): Observation {
  const isFatal = group[0].event.signal === "aer_fatal";
  return observe(group, {
    rule: `${row.rule}_other_device`,
    component: "host",
    severity: isFatal ? "warning" : "info",
    verdict: isFatal ? "node" : "healthy",
    title: `${row.title} of a device that is not one of the GPUs`,
    action: isFatal ? "INSPECT_HOST" : "NONE",
    source: row.source,
  });
}

function isForeignDevice({ event, gpu }: TimedSignal, node: NodeReading | undefined): boolean {
  if (!IS_BUS_SIGNAL.has(event.signal) || event.pci === undefined) return false;
  if (gpu?.index !== undefined || node === undefined) return false;
  return node.gpus.length > 0 && node.gpus.every((reading) => reading.pci !== undefined);
}

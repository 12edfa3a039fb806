import type { SignalEvent } from "../event.ts";
import { normalizePci } from "./pci.ts";
import type { LinePrefix } from "./prefix.ts";

/** What a matcher reads from a line beside the kind of signal. */
export type SignalFields = Partial<Pick<SignalEvent, "pci" | "pid" | "processName" | "device">>;

export interface SignalMatch extends SignalFields {
  readonly signal: SignalEvent["signal"];
}

interface SignalRule {
  readonly signal: SignalEvent["signal"];
  /**
   * Who may say it. `kernel`: the kernel, or a line without a writer. `program`: anyone but the kernel, or a line without
   * a writer. Kernel patterns are anchored at the beginning of the message, so that quoting one does not forge one.
   */
  readonly from: "kernel" | "program" | "any";
  readonly pattern: RegExp;
  readonly fields?: (match: RegExpExecArray, line: LinePrefix) => SignalFields;
  /** False where the pattern matches and yet nothing is to be reported. */
  readonly accepts?: (match: RegExpExecArray, line: LinePrefix) => boolean;
}

const PCI = "[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\\.[0-7])?";

function pciOf(text: string | undefined): SignalFields {
  const pci = text === undefined ? undefined : normalizePci(text);
  return pci === undefined ? {} : { pci };
}

/** `cuda:3` from a job's line, where it names the device in one of the usual ways. */
function cudaDevice(message: string): SignalFields {
  const index = /\bcuda:(\d{1,3})\b/.exec(message)?.[1] ?? /\bGPU (\d{1,3})\b/.exec(message)?.[1];
  return index === undefined ? {} : { device: `cuda:${index}` };
}

/** The network device of an InfiniBand or Ethernet driver's line: the interface when it is named, else the PCI address. */
function networkDevice(match: RegExpExecArray): SignalFields {
  const { pci } = pciOf(match[1]);
  const device = match[2] ?? pci;
  return { ...(pci === undefined ? {} : { pci }), ...(device === undefined ? {} : { device }) };
}

const NIC = `mlx[45]_(?:core|en|ib) (${PCI}):? ?(?:([\\w.-]{1,32}): )?`;

/**
 * The first rule that matches gives the signal. AER and lost GPUs need more than one line and are joined elsewhere.
 * No pattern holds an unanchored `a.*b`: on a line that repeats `a`, its time would grow with the square of the length.
 */
const RULES: readonly SignalRule[] = [
  { signal: "boot", from: "kernel", pattern: /^Linux version \d/ },
  { signal: "driver_load", from: "kernel", pattern: /^NVRM: loading NVIDIA UNIX/ },
  { signal: "api_mismatch", from: "kernel", pattern: /^NVRM: API mismatch\b/ },
  {
    signal: "gsp_init_failed",
    from: "kernel",
    pattern: new RegExp(`^NVRM: (?:GPU (?:at )?(${PCI}):? ?)?(?:RmInitAdapter|rm_init_adapter)(?: [Ff]ailed|.*failed)`),
    fields: (match) => pciOf(match[1]),
  },
  {
    signal: "gsp_init_failed",
    from: "kernel",
    pattern: /^NVRM: (?:GPU\d* )?_?kgsp(?:InitRm|BootGspRm|WaitForRmInitDone)\w*: .*(?:fail|error|unexpected|cannot)/i,
  },
  {
    signal: "nvlink_training",
    from: "kernel",
    pattern: /^(?:NVRM: (?=.*nvlink)|nvidia-nvlink: |nvidia-nvswitch\d+: ).*\btrain/i,
    fields: (match) => pciOf(new RegExp(`\\b${PCI}`).exec(match.input)?.[0]),
  },
  {
    signal: "pcie_bandwidth_limited",
    from: "kernel",
    pattern: new RegExp(`^[\\w-]{1,32} (${PCI}): [\\d.]+ Gb/s available PCIe bandwidth, limited by`),
    fields: (match) => pciOf(match[1]),
  },
  {
    signal: "oom_killer",
    from: "kernel",
    pattern: /^(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process (\d+)(?: \(([^)]{0,64})\))?/,
    fields: (match) => ({
      pid: Number(match[1]),
      ...(match[2] === undefined || match[2] === "" ? {} : { processName: match[2] }),
    }),
  },
  {
    signal: "ib_high_temperature",
    from: "kernel",
    pattern: new RegExp(`^${NIC}.*High [Tt]emperature`),
    fields: networkDevice,
  },
  {
    signal: "ib_link_down",
    from: "kernel",
    pattern: new RegExp(`^${NIC}(?:Port: \\d+ )?(?:NIC )?Link (?:is )?down\\b`, "i"),
    fields: networkDevice,
  },
  {
    signal: "ib_link_up",
    from: "kernel",
    pattern: new RegExp(`^${NIC}(?:Port: \\d+ )?(?:NIC )?Link (?:is )?(?:up|active)\\b`, "i"),
    fields: networkDevice,
  },
  {
    signal: "ib_link_up",
    from: "kernel",
    pattern: /^(?:IPv6: )?ADDRCONF\(NETDEV_CHANGE\): (ib[\w.-]{1,30}): link becomes ready/,
    fields: (match) => ({ device: match[1] ?? "" }),
  },
  {
    signal: "ib_link_down",
    from: "any",
    pattern: /^(ib[\w.-]{1,30}): [Ll]ost carrier/,
    fields: (match) => ({ device: match[1] ?? "" }),
  },
  {
    signal: "ib_link_up",
    from: "any",
    pattern: /^(ib[\w.-]{1,30}): [Gg]ained carrier/,
    fields: (match) => ({ device: match[1] ?? "" }),
  },
  {
    signal: "fabric_manager_version_mismatch",
    from: "program",
    pattern: /fabric manager NVIDIA GPU driver interface version \S+ don't match with driver version \S+/i,
    accepts: isFabricManager,
  },
  {
    signal: "fabric_manager_error",
    from: "program",
    pattern:
      /detected NVSwitch (?:non-)?fatal error|failed to find the GPU handle|detected number of NVSwitches don't match/i,
    // Says only that the machine has no switches.
    accepts: (match, line) => isFabricManager(match, line) && !line.message.includes("NV_WARN_NOTHING_TO_DO"),
  },
  { signal: "nvml_unknown_error", from: "program", pattern: /Failed to initialize NVML: Unknown Error/ },
  { signal: "nvml_init_failed", from: "program", pattern: /Failed to initialize NVML: \S/ },
  {
    signal: "cuda_out_of_memory",
    from: "program",
    pattern:
      /CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|\bcuda\.OutOfMemoryError/,
    fields: (match) => cudaDevice(match.input),
  },
  {
    signal: "cuda_not_initialized",
    from: "program",
    pattern: /system not yet initialized|CUDA_ERROR_SYSTEM_NOT_READY|cudaErrorSystemNotReady/,
  },
  {
    signal: "cuda_not_initialized",
    from: "program",
    pattern: /\b[Ee]rror 802\b/,
    accepts: (match) => /cuda/i.test(match.input),
  },
  {
    signal: "nccl_timeout",
    from: "program",
    pattern: /Watchdog caught collective operation timeout/,
    fields: (match) => cudaDevice(match.input),
  },
  {
    signal: "nccl_timeout",
    from: "program",
    // A completion with a vendor error is the transport giving up after its retries.
    pattern: /\b(?:vendor err \d+|status=12)\b/,
    accepts: (match) => match.input.includes("NET/IB"),
    fields: (match) => cudaDevice(match.input),
  },
  {
    signal: "numeric_anomaly",
    from: "program",
    pattern:
      /\bloss\s?[=:]\s?nan\b|\bloss (?:is|became) nan\b|\bNaN (?:detected )?in (?:loss|gradient)|\bdiffers on cuda:\d/i,
    fields: (match) => cudaDevice(match.input),
  },
  {
    signal: "power_alarm",
    from: "program",
    pattern:
      /^(?:Power Supply|PSU|Power Unit)\b.*\b(?:lost|fail(?:ed|ure)?|fault|redundancy lost|predictive failure|over(?:temp|current)?|deasserted? power)\b/i,
    accepts: (match) => !/\bdeasserted\b/i.test(match.input),
  },
  { signal: "reset_in_use", from: "program", pattern: /\bIn use by another client\b/ },
];

/** A line of the fabric manager's own: by its program, or without one, as in a copied log. */
function isFabricManager(_match: RegExpExecArray, line: LinePrefix): boolean {
  return line.program === undefined || /fabric-?manager/i.test(line.program);
}

/** The signal a line carries, or undefined. Never throws. */
export function matchSignal(line: LinePrefix): SignalMatch | undefined {
  for (const rule of RULES) {
    if (rule.from === "kernel" && line.origin === "program") continue;
    if (rule.from === "program" && line.origin === "kernel") continue;
    const match = rule.pattern.exec(line.message);
    if (match === null || rule.accepts?.(match, line) === false) continue;
    return { signal: rule.signal, ...rule.fields?.(match, line) };
  }
  return undefined;
}

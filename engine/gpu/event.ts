import { z } from "zod";

/**
 * What a kernel or job log says about GPUs, one record per occurrence. `raw` is the line as it stood, without its end
 * of line, cut to 2,048 characters; text in it is data from outside and never changes what is done with it.
 */
const base = {
  /** 1-based line the record begins at. */
  line: z.number().int().min(1),
  raw: z.string(),
  /** Unix milliseconds, when the prefix has a full date. */
  atMs: z.number().optional(),
  /** Milliseconds into a leap year, when the prefix is a syslog time, which names no year: good for differences only. */
  yearlessMs: z.number().optional(),
  /** Seconds since boot, when the prefix is the kernel's own. */
  uptimeS: z.number().optional(),
  /** Host name of a syslog or journald prefix. */
  host: z.string().optional(),
  /** Lower case `dddd:bb:dd.f`. */
  pci: z.string().optional(),
  /** From the driver's own "GPU at PCI" lines, joined by PCI address. */
  uuid: z.string().optional(),
  serial: z.string().optional(),
};

/** Decoded details of an XID's text; only what the text holds. */
export const XidDetail = z.object({
  /** 13: graphics processing cluster, texture processing cluster and streaming multiprocessor. */
  gpc: z.number().optional(),
  tpc: z.number().optional(),
  sm: z.number().optional(),
  /** 31: faulting engine and access. */
  engine: z.string().optional(),
  access: z.string().optional(),
  /** 45: the XID that tore the channel down. */
  causedByXid: z.number().optional(),
  /** 74 and 144–150: NVLink number, -1 for the whole device. */
  link: z.number().optional(),
  /** 74: seven register words. */
  words: z.array(z.number()).optional(),
  /** 144–150. */
  subunit: z.string().optional(),
  isFatal: z.boolean().optional(),
  isInjected: z.boolean().optional(),
  intrInfo: z.number().optional(),
  errorStatus: z.number().optional(),
  /** 149 LINK_DOWN reason, bits 25:20 of intrInfo. */
  linkDownReason: z.number().optional(),
  /** 119: RPC function and seconds waited. */
  rpcFunction: z.string().optional(),
  waitedS: z.number().optional(),
  /** 154: recovery action values before and after. */
  recoveryFrom: z.number().optional(),
  recoveryTo: z.number().optional(),
  recoveryText: z.string().optional(),
  /** 63/64: the driver's row-remapper text says which of the two cases it is. */
  isRemapExhausted: z.boolean().optional(),
});
export type XidDetail = z.infer<typeof XidDetail>;

export const XidEvent = z.object({
  ...base,
  kind: z.literal("xid"),
  xid: z.number().int(),
  pid: z.number().optional(),
  processName: z.string().optional(),
  text: z.string(),
  detail: XidDetail,
});
export type XidEvent = z.infer<typeof XidEvent>;

export const SxidEvent = z.object({
  ...base,
  kind: z.literal("sxid"),
  sxid: z.number().int(),
  /** `nvidia-nvswitchN`. */
  nvswitch: z.number().int().optional(),
  isFatal: z.boolean().optional(),
  link: z.number().optional(),
  text: z.string(),
});
export type SxidEvent = z.infer<typeof SxidEvent>;

/** Lines that matter and carry no XID. */
export const SignalEvent = z.object({
  ...base,
  kind: z.literal("signal"),
  signal: z.enum([
    "gpu_lost",
    "aer_fatal",
    "aer_uncorrected",
    "aer_corrected",
    "pcie_bandwidth_limited",
    "oom_killer",
    "cuda_out_of_memory",
    "api_mismatch",
    "nvml_init_failed",
    "nvml_unknown_error",
    "gsp_init_failed",
    "nvlink_training",
    "fabric_manager_error",
    "fabric_manager_version_mismatch",
    "cuda_not_initialized",
    "ib_link_down",
    "ib_link_up",
    "ib_high_temperature",
    "nccl_timeout",
    "numeric_anomaly",
    "power_alarm",
    "reset_in_use",
    "boot",
    "driver_load",
  ]),
  pid: z.number().optional(),
  processName: z.string().optional(),
  /** Network device, port or interface of a network signal; `cuda:N` for a line of a job that names its device. */
  device: z.string().optional(),
  text: z.string(),
});
export type SignalEvent = z.infer<typeof SignalEvent>;

export const GpuEvent = z.discriminatedUnion("kind", [XidEvent, SxidEvent, SignalEvent]);
export type GpuEvent = z.infer<typeof GpuEvent>;

/** What a log parser answers: the records and an account of everything it did not turn into one. */
export const LogParse = z.object({
  events: z.array(GpuEvent),
  totalLines: z.number().int(),
  totalBytes: z.number().int(),
  /** Lines that look like GPU records but could not be read. Unrelated lines are not counted here. */
  skippedLines: z.number().int(),
  /** Lines longer than the limit, of which only the beginning was read. */
  cutLines: z.number().int().optional(),
  /** Events left out because the bound on kept events was reached; the earliest and the latest are kept. */
  droppedEvents: z.number().int(),
  /** Names seen in prefixes: more than one means that logs of several machines are mixed. */
  hosts: z.array(z.string()),
});
export type LogParse = z.infer<typeof LogParse>;

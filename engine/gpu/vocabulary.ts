import { z } from "zod";

/** What is wrong with a node, at the level an operator acts on. Borders between them: ARCHITECTURE.md. */
export const Verdict = z.enum([
  "healthy",
  "app",
  "gpu_degraded",
  "gpu_failed",
  "node",
  "fabric",
  "network",
  "power",
  "cooling",
  "driver",
  "telemetry",
]);
export type Verdict = z.infer<typeof Verdict>;

/** The closed list of things that can be asked of an operator. */
export const Action = z.enum([
  "NONE",
  "RESTART_APP",
  "CHECK_APP",
  "RESET_GPU",
  "DRAIN_RESET",
  "REBOOT_NODE",
  "RESTART_VM",
  "RESTART_FABRIC_MANAGER",
  "RESET_FABRIC",
  "RESEAT",
  "CHECK_COOLING",
  "INSPECT_LINK",
  "INSPECT_PEER",
  "INSPECT_HOST",
  "UPDATE_DRIVER",
  "RUN_DIAG",
  "RMA_REVIEW",
  "CHECK_POWER",
  "RESTORE_CLOCKS",
  "WATCH",
]);
export type Action = z.infer<typeof Action>;

export const Severity = z.enum(["info", "warning", "critical"]);
export type Severity = z.infer<typeof Severity>;

export const SEVERITY_RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** Which part of the machine a finding is about; also the folder a check lives in. */
export const Component = z.enum([
  "app",
  "memory",
  "pcie",
  "nvlink",
  "fabric",
  "network",
  "thermal",
  "power",
  "clocks",
  "firmware",
  "driver",
  "hang",
  "video",
  "security",
  "compute",
  "host",
  "telemetry",
  "info",
]);
export type Component = z.infer<typeof Component>;

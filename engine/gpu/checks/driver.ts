import { recoveryAction } from "../catalog/recovery.ts";
import type { Finding } from "../finding.ts";
import type { NodeReading, SourceProblem } from "../reading.ts";
import type { Action, Severity, Verdict } from "../vocabulary.ts";
import { gpuFinding, nodeFinding, quoteGpu } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * What the driver itself asks for. It knows more than any inference from outside, so the assessment lets it replace the
 * action of other faults of the GPU. `None` and texts outside the table ask for nothing.
 * Source: nvml.h API 13, field 230; nvidia-smi gpu_recovery_action and gpu_reset_status.
 */
export function recoveryRequested(context: GpuContext): Finding[] {
  const { gpu } = context;
  const named = gpu.recoveryAction === undefined ? undefined : recoveryAction(gpu.recoveryAction);
  const flagged =
    gpu.isDrainAndResetRecommended === true
      ? recoveryAction("drain and reset")
      : gpu.isResetRequired === true || /requires reset/i.test(gpu.errorText ?? "")
        ? recoveryAction("gpu reset")
        : undefined;
  const demand = named === undefined || named.action === "NONE" ? flagged : named;
  if (demand === undefined) return [];
  return [
    gpuFinding(context, {
      rule: "driver.recovery_action",
      component: "driver",
      severity: demand.severity,
      verdict: recoveryVerdict(demand.action),
      title: `The driver asks for: ${demand.name}`,
      action: demand.action,
      source: "nvml.h API 13: GPU recovery action (field 230)",
      evidence: quoteGpu(gpu, "recoveryAction", "isResetRequired", "isDrainAndResetRecommended", "errorText"),
    }),
  ];
}

/** Verdict of a recovery action that stands alone: a GPU whose node has to be rebooted is lost until then. */
export function recoveryVerdict(action: Action): Verdict {
  if (action === "REBOOT_NODE") return "gpu_failed";
  return action === "RESTART_FABRIC_MANAGER" ? "fabric" : "gpu_degraded";
}

/** Persistence mode off: the driver unloads between jobs and clock settings get lost. Source: Azure node checks. */
export function persistenceOff(context: GpuContext): Finding[] {
  if (context.gpu.persistenceMode !== false) return [];
  return [
    gpuFinding(context, {
      rule: "driver.persistence_off",
      component: "driver",
      severity: "info",
      verdict: "healthy",
      title: "Persistence mode is off",
      action: "NONE",
      source: "Azure/azurehpc-health-checks: persistence mode",
      evidence: quoteGpu(context.gpu, "persistenceMode"),
    }),
  ];
}

interface ProblemRow {
  readonly severity: Severity;
  readonly verdict: Verdict;
  readonly action: Action;
  readonly title: string;
  readonly source: string;
}

/** What it means that a source could not be read. Source: nvml.h API 13 return codes; incidents I05, I09 and I23. */
const PROBLEMS: Readonly<Record<SourceProblem["kind"], ProblemRow>> = {
  missing_command: {
    severity: "warning",
    verdict: "telemetry",
    action: "INSPECT_HOST",
    title: "The command that reads the GPUs is not there: nothing is known about them",
    source: "incident I23: monitoring blind spot",
  },
  timed_out: {
    severity: "critical",
    verdict: "node",
    action: "INSPECT_HOST",
    title: "The command that reads the GPUs hangs, as it does when a GPU's firmware has stopped",
    source: "incident I05: nvidia-smi hangs",
  },
  failed: {
    severity: "warning",
    verdict: "telemetry",
    action: "INSPECT_HOST",
    title: "The command that reads the GPUs failed",
    source: "incident I23: monitoring blind spot",
  },
  driver_mismatch: {
    severity: "warning",
    verdict: "driver",
    action: "UPDATE_DRIVER",
    title: "Driver and library versions differ: new programs cannot start, running ones go on",
    source: "incident I09; nvml.h API 13: NVML_ERROR_LIB_RM_VERSION_MISMATCH (18)",
  },
  driver_not_loaded: {
    severity: "critical",
    verdict: "driver",
    action: "INSPECT_HOST",
    title: "The driver is not loaded",
    source: "nvml.h API 13: NVML_ERROR_DRIVER_NOT_LOADED (9)",
  },
  no_devices: {
    severity: "warning",
    verdict: "node",
    action: "INSPECT_HOST",
    title: "The driver sees no GPU",
    source: "incident I04: device missing",
  },
  unreadable: {
    severity: "warning",
    verdict: "telemetry",
    action: "INSPECT_HOST",
    title: "What the source answered cannot be read",
    source: "incident I23: monitoring blind spot",
  },
};

/** One finding per kind of source problem; the reading is incomplete, which is not the same as fine. */
export function sourceProblems(node: NodeReading): Finding[] {
  const kinds = [...new Set(node.problems.map((problem) => problem.kind))];
  return kinds.map((kind) => {
    const messages = node.problems.filter((problem) => problem.kind === kind).map((problem) => problem.message);
    const { source, ...row } = PROBLEMS[kind];
    return nodeFinding({
      rule: `source.${kind}`,
      component: row.verdict === "driver" ? "driver" : row.verdict === "node" ? "host" : "telemetry",
      ...row,
      source,
      evidence: messages.slice(0, 3).map((message) => ({
        from: "source" as const,
        where: `source ${kind}`,
        quote: message.slice(0, 400),
      })),
    });
  });
}

import type { XidEntry } from "../../catalog/xid.ts";
import type { Action, Component, Severity, Verdict } from "../../vocabulary.ts";

/** What one code, or a group of its events, comes to. */
export interface XidGrade {
  readonly title: string;
  readonly severity: Severity;
  readonly verdict: Verdict;
  readonly action: Action;
  /** Steps after the first, in order. */
  readonly followUp: readonly Action[];
  /** What could not be decided. */
  readonly notes: readonly string[];
  readonly source: string;
}

/**
 * Grade of a code by its catalogue row alone. A code outside the catalogue and one that current drivers do not raise are
 * shown and watched, never acted upon.
 */
export function gradeXid(entry: XidEntry): XidGrade {
  const [meaning = entry.meaning] = entry.meaning.split(/\.(?:\s|$)/);
  const title = `XID ${entry.code}: ${meaning}`;
  const base = { title, severity: entry.severity, source: entry.source, followUp: FOLLOW_UPS[entry.action] ?? [] };
  if (entry.status === "unknown" || entry.status === "legacy") {
    return {
      ...base,
      verdict: "gpu_degraded",
      action: "WATCH",
      notes: [
        entry.status === "unknown"
          ? `XID ${entry.code} is not in the catalogue: its text is kept and nothing is done because of it`
          : `XID ${entry.code} is not raised by current drivers: it is reported and nothing is done because of it`,
      ],
    };
  }
  // A row without an action and above info is worth watching, except where the application is the cause.
  const isWatched = entry.action === "NONE" && entry.severity !== "info" && entry.component !== "app";
  const action = isWatched ? "WATCH" : entry.action;
  return { ...base, action, verdict: verdictOf(action, entry.component, entry.severity), notes: [] };
}

/** The verdict that an action stands for when one finding is seen alone. */
export function verdictOf(action: Action, component: Component, severity: Severity): Verdict {
  switch (action) {
    case "NONE":
      return component === "app" ? "app" : "healthy";
    case "RESTART_APP":
    case "CHECK_APP":
      return "app";
    case "REBOOT_NODE":
      return "gpu_failed";
    case "RMA_REVIEW":
      return severity === "critical" ? "gpu_failed" : "gpu_degraded";
    case "RESTART_VM":
    case "INSPECT_HOST":
      return "node";
    case "RESTART_FABRIC_MANAGER":
    case "RESET_FABRIC":
      return "fabric";
    case "UPDATE_DRIVER":
    case "RESTORE_CLOCKS":
      return "driver";
    case "CHECK_POWER":
      return "power";
    case "CHECK_COOLING":
      return "cooling";
    case "RESET_GPU":
    case "DRAIN_RESET":
    case "RESEAT":
    case "INSPECT_LINK":
    case "INSPECT_PEER":
    case "RUN_DIAG":
    case "WATCH":
      return "gpu_degraded";
  }
}

/** What follows an action when the rule names nothing of its own. Sources: incidents I04, I05, I06 and I16. */
const FOLLOW_UPS: Readonly<Partial<Record<Action, readonly Action[]>>> = {
  CHECK_APP: ["RESTART_APP"],
  RESTART_APP: ["CHECK_APP"],
  RESET_GPU: ["REBOOT_NODE"],
  REBOOT_NODE: ["RESEAT", "RMA_REVIEW"],
};

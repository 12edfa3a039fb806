import type { Action, Severity } from "../vocabulary.ts";

/** One recovery action of the driver: XID 154, NVML field 230 and `gpu_recovery_action` of nvidia-smi share the values. */
export interface RecoveryAction {
  readonly value: number;
  readonly name: string;
  /** Spellings in XID 154 texts, nvidia-smi text and XML, in lower case. */
  readonly texts: readonly string[];
  readonly action: Action;
  readonly severity: Severity;
  readonly meaning: string;
}

/**
 * Source: nvml.h API 13 (NVML_FI_DEV_GET_GPU_RECOVERY_ACTION, field 230), NVIDIA Xid Catalog on XID 154.
 * `Drain P2P` has no action of its own among ours: work that uses peer access has to end before anything else, which is
 * what a drain does. The IMEX domain is served by the fabric services, so the gentlest step is to restart those.
 */
export const RECOVERY_ACTIONS: readonly RecoveryAction[] = [
  {
    value: 0,
    name: "None",
    texts: ["none", "no action", "no recovery action"],
    action: "NONE",
    severity: "info",
    meaning: "nothing has to be done",
  },
  {
    value: 1,
    name: "GPU reset",
    texts: ["gpu reset", "gpu reset required", "reset", "reset required", "reset gpu"],
    action: "RESET_GPU",
    severity: "critical",
    meaning: "end all clients of the GPU and reset it",
  },
  {
    value: 2,
    name: "Node reboot",
    texts: ["node reboot", "node reboot required", "reboot", "reboot required", "system reboot"],
    action: "REBOOT_NODE",
    severity: "critical",
    meaning: "the operating system may be inconsistent: reboot the node",
  },
  {
    value: 3,
    name: "Drain P2P",
    texts: ["drain p2p", "drain p2p required", "p2p drain"],
    action: "DRAIN_RESET",
    severity: "warning",
    meaning: "end the work that uses peer-to-peer traffic, then ask the driver again",
  },
  {
    value: 4,
    name: "Drain and reset",
    texts: ["drain and reset", "drain and reset required", "drain & reset", "drain reset"],
    action: "DRAIN_RESET",
    severity: "warning",
    meaning: "running work may finish, new work must not start; reset afterwards",
  },
  {
    value: 5,
    name: "Recover IMEX domain",
    texts: ["recover imex domain", "imex domain recovery", "recover imex", "imex domain"],
    action: "RESTART_FABRIC_MANAGER",
    severity: "critical",
    meaning: "the memory-export domain between nodes has to be recovered",
  },
];

/**
 * The recovery action for a value of the driver (a number, or a text such as `Drain and Reset`, `0x1`, `GPU Reset Required`).
 * Undefined for what is not in the table, also for `N/A`: an unknown value must not lead to an action.
 */
export function recoveryAction(valueOrText: number | string): RecoveryAction | undefined {
  if (typeof valueOrText === "number") return RECOVERY_ACTIONS.find((row) => row.value === valueOrText);
  const text = valueOrText
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, " ");
  if (/^(?:0x[0-9a-f]{1,8}|\d{1,4})$/.test(text)) return RECOVERY_ACTIONS.find((row) => row.value === Number(text));
  return RECOVERY_ACTIONS.find((row) => row.texts.includes(text));
}

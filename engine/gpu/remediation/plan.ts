import { z } from "zod";

import { sha256Hex } from "../../../lib/hash.ts";
import type { Assessment } from "../finding.ts";
import { Action, type Verdict } from "../vocabulary.ts";
import {
  ACTION_OPERATIONS,
  FORBIDDEN_OPERATIONS,
  OPERATIONS,
  type OperationId,
  VERDICT_ACTIONS,
  VERDICT_FORBIDS,
} from "./catalog.ts";
import { RemediationPhase, RemediationRisk } from "./operation.ts";
import { type GpuTarget, commandTarget } from "./target.ts";

export const RemediationStep = z.object({
  /** 1-based. */
  order: z.number().int(),
  phase: RemediationPhase,
  operation: z.string(),
  /** The action of the assessment that the step serves. */
  action: Action,
  title: z.string(),
  /** A shell command, ready to paste; absent for work of people. */
  command: z.string().optional(),
  alternatives: z.array(z.string()),
  risk: RemediationRisk,
  precondition: z.string(),
  expectedEffect: z.string(),
  verification: z.string(),
  rollback: z.string(),
  needsApproval: z.boolean(),
});
export type RemediationStep = z.infer<typeof RemediationStep>;

export const RemediationPlan = z.object({
  /** `plan-` and 32 hex digits of the SHA-256 of everything below: an approval of it approves nothing else. */
  planId: z.string(),
  node: z.string().optional(),
  gpus: z.array(z.number().int()),
  /** What the plan carries out, the immediate one first. */
  actions: z.array(Action),
  forbiddenActions: z.array(Action),
  steps: z.array(RemediationStep).min(1),
  notes: z.array(z.string()),
  isSimulated: z.boolean(),
});
export type RemediationPlan = z.infer<typeof RemediationPlan>;

export interface RemediationInput {
  /** The actions come from here unless `actions` names others; its forbidden actions always hold. */
  readonly assessment?: Assessment;
  readonly actions?: readonly Action[];
  readonly verdict?: Verdict;
  readonly forbiddenActions?: readonly Action[];
  readonly node?: string;
  /** Absent: the GPUs of the assessment. */
  readonly gpus?: readonly GpuTarget[];
  readonly isSimulated?: boolean;
  /** Rules that were found, where no assessment is given. */
  readonly rules?: readonly string[];
  /** Remarks of the caller that belong to the plan. */
  readonly notes?: readonly string[];
}

/** Faults after which a warm reboot seldom helps. Source: NVIDIA Xid catalogue 54 and 79; incidents I04 and I25. */
const COLD_RULES: ReadonlySet<string> = new Set([
  "xid.79",
  "xid.54",
  "pcie.gpu_lost",
  "pcie.gpu_count_short",
  "node.gpus_lost_together",
  "power.gpus_lost_together",
]);

/**
 * Proposes what to do: evidence first, then isolate, recover, verify, return. It carries nothing out. Never throws; a name
 * that cannot stand safely in a command becomes a variable for the operator to set, and a note says so.
 */
export function planRemediation(input: RemediationInput): RemediationPlan {
  const { assessment } = input;
  const verdict = input.verdict ?? assessment?.verdict;
  const forbidden = Action.options.filter((action) =>
    [
      ...(assessment?.forbiddenActions ?? []),
      ...(input.forbiddenActions ?? []),
      ...((verdict === undefined ? undefined : VERDICT_FORBIDS[verdict]) ?? []),
    ].includes(action),
  );
  const requested = requestedActions(input, verdict);
  const allowed = requested.filter((action) => !forbidden.includes(action));
  const actions = allowed.length > 0 ? allowed : (["WATCH"] as const);
  const gpus = input.gpus ?? assessedGpus(assessment);
  const { target, notes: targetNotes } = commandTarget(input.node, gpus);

  const banned = new Set(forbidden.flatMap((action) => FORBIDDEN_OPERATIONS[action]));
  const rules = [...(input.rules ?? []), ...(assessment?.findings ?? []).map(({ rule }) => rule)];
  const isCold = rules.some((rule) => COLD_RULES.has(rule));
  const chosen = chooseOperations(actions, banned, isCold);
  const steps = chosen.steps.map(({ id, action, isFollowUp }, index): RemediationStep => {
    const operation = OPERATIONS[id];
    return {
      order: index + 1,
      phase: operation.phase,
      operation: id,
      action,
      title: operation.title,
      ...(operation.command === undefined ? {} : { command: operation.command(target) }),
      alternatives: [...(operation.alternatives?.(target) ?? [])],
      risk: operation.risk,
      precondition: isFollowUp
        ? `Only if the fault is still there after ${actions[0]}, or ${action} is decided on. ${operation.precondition}`
        : operation.precondition,
      expectedEffect: operation.expectedEffect,
      verification: operation.verification,
      rollback: operation.rollback,
      needsApproval: operation.risk !== "read",
    };
  });
  const refused = requested.filter((action) => forbidden.includes(action));
  const isSimulated = input.isSimulated ?? assessment?.isSimulated ?? false;
  const content = {
    ...(input.node === undefined ? {} : { node: input.node }),
    gpus: gpus.map(({ index }) => index).filter((index) => index !== undefined),
    actions: [...actions],
    forbiddenActions: forbidden,
    steps,
    notes: [
      ...(input.notes ?? []),
      ...refused.map((action) => `${action} is left out: it would do harm here.`),
      ...(chosen.leftOut.length === 0 ? [] : [`Left out with what is forbidden: ${chosen.leftOut.join(", ")}.`]),
      ...(actions[0] === "RMA_REVIEW" ? ["The node stays out of scheduling until the warranty case is decided."] : []),
      ...targetNotes,
      ...(isSimulated ? ["The node is simulated: these are the commands for a real node with this fault."] : []),
      "A proposal only: nothing has been carried out.",
    ],
    isSimulated,
  };
  return { planId: `plan-${sha256Hex(JSON.stringify(content)).slice(0, 32)}`, ...content };
}

function requestedActions(input: RemediationInput, verdict: Verdict | undefined): readonly Action[] {
  if (input.actions !== undefined && input.actions.length > 0) return [...new Set(input.actions)];
  const { assessment } = input;
  // An assessment with another verdict than the one asked about does not speak for it.
  if (assessment !== undefined && assessment.verdict === verdict) return [...new Set(assessment.actions)];
  return verdict === undefined ? ["WATCH"] : VERDICT_ACTIONS[verdict];
}

/** The addresses come from the findings, so that a lost GPU keeps its place although its index is gone. */
function assessedGpus(assessment: Assessment | undefined): readonly GpuTarget[] {
  if (assessment === undefined) return [];
  return assessment.gpus.map((index) => {
    const pci = assessment.findings.find((finding) => finding.gpu === index && finding.pci !== undefined)?.pci;
    return pci === undefined ? { index } : { index, pci };
  });
}

interface ChosenOperation {
  readonly id: OperationId;
  readonly action: Action;
  /** It comes only from a later action and stops work, so it waits for the result of the first. */
  readonly isFollowUp: boolean;
}

function chooseOperations(
  actions: readonly Action[],
  banned: ReadonlySet<OperationId>,
  isCold: boolean,
): { readonly steps: readonly ChosenOperation[]; readonly leftOut: readonly OperationId[] } {
  const chosen = new Map<OperationId, ChosenOperation>();
  const leftOut = new Set<OperationId>();
  const bannedNames: ReadonlySet<string> = banned;
  const isBanned = (id: OperationId): boolean =>
    banned.has(id) || (OPERATIONS[id].needs ?? []).some((needed) => bannedNames.has(needed));
  const isDraining = !banned.has("drain") && actions.some((action) => ACTION_OPERATIONS[action].includes("drain"));
  for (const [position, action] of actions.entries()) {
    for (const listed of ACTION_OPERATIONS[action]) {
      const id = listed === "reboot_node" && isCold ? "power_cycle_node" : listed;
      // Freeing one GPU is pointless on a node that is drained, and nothing returns to service before its replacement.
      const isSuperfluous = (id === "free_gpu" && isDraining) || (id === "uncordon" && actions[0] === "RMA_REVIEW");
      if (chosen.has(id) || isSuperfluous) continue;
      if (isBanned(id)) {
        leftOut.add(id);
        continue;
      }
      const { risk, phase } = OPERATIONS[id];
      const isFollowUp = position > 0 && (risk === "high" || (phase === "isolate" && risk !== "read"));
      chosen.set(id, { id, action, isFollowUp });
    }
  }
  const phaseOf = ({ id }: ChosenOperation): number => RemediationPhase.options.indexOf(OPERATIONS[id].phase);
  const steps = [...chosen.values()].sort((left, right) => phaseOf(left) - phaseOf(right));
  return { steps, leftOut: [...leftOut] };
}

import { z } from "zod";

import type { Finding } from "../../engine/gpu/finding.ts";
import { RemediationPhase, RemediationRisk } from "../../engine/gpu/remediation/operation.ts";
import { type RemediationInput, type RemediationPlan, planRemediation } from "../../engine/gpu/remediation/plan.ts";
import type { GpuTarget } from "../../engine/gpu/remediation/target.ts";
import { Action, SEVERITY_RANK, Verdict } from "../../engine/gpu/vocabulary.ts";
import { defineTool, type ToolCall } from "../define-tool.ts";
import type { GpuToolContext } from "./context.ts";
import { type Observation, observeNode, requireGpu } from "./observe.ts";
import { gpuIdArgument } from "./wire.ts";

const RemediationInputWire = z.object({
  actions: z
    .array(Action)
    .max(20)
    .optional()
    .describe("What to plan for, the immediate action first; absent: what the assessment asks for"),
  verdict: Verdict.optional().describe("Verdict to plan for when no action is known"),
  gpu_id: gpuIdArgument.max(255).optional().describe("GPU to plan for; absent: the GPUs the verdict is about"),
  node: z
    .string()
    .trim()
    .min(1)
    .max(253)
    .optional()
    .describe("Node id; absent means the first node. With subject `log`, the host name of the log"),
  subject: z
    .enum(["node", "log"])
    .optional()
    .describe(
      "`node` (default): a node this service watches; it is assessed now. `log`: a machine known only from a pasted log; nothing is read, and actions or verdict must be given",
    ),
  forbidden_actions: z
    .array(Action)
    .max(20)
    .optional()
    .describe("Actions an assessment forbids, in addition to those of the node's assessment now"),
  xids: z
    .array(z.number().int().min(1).max(999))
    .max(50)
    .optional()
    .describe("XIDs of the log; after 79 or 54 a reboot is planned as a power cycle"),
  pci: z.string().trim().max(20).optional().describe("PCI address of the GPU, for a machine known only from a log"),
});
type RemediationInputWire = z.infer<typeof RemediationInputWire>;

const StepWire = z.object({
  order: z.number().int().describe("1-based position"),
  phase: RemediationPhase.describe("Part of the plan"),
  operation: z.string().describe("Name of the operation"),
  action: Action.describe("The action it serves"),
  title: z.string().describe("What is done"),
  command: z
    .string()
    .nullable()
    .describe("Shell command; a name as ${NODE:?} must be set first. Null for work of people"),
  alternatives: z.array(z.string()).describe("The same with other tools, for example Slurm"),
  risk: RemediationRisk.describe("`read` changes nothing, `low` can be undone, `high` stops work or cannot be undone"),
  precondition: z.string().describe("What must hold before"),
  expected_effect: z.string().describe("What happens"),
  verification: z.string().describe("How to see that it worked"),
  rollback: z.string().describe("How to undo it"),
  needs_approval: z.boolean().describe("True for everything above `read`"),
});

export const proposeRemediation = defineTool({
  name: "propose_remediation",
  description:
    "Propose an ordered remediation plan (evidence, isolate, recover, verify, return) with commands, risks, preconditions, checks and roll-backs. It only proposes: nothing is carried out. Without arguments the first node is assessed and its actions are planned. Actions that would do harm are left out.",
  input: RemediationInputWire,
  output: z.object({
    plan_id: z.string().describe("Hash of the plan's content; an approval binds to it"),
    node: z.string().nullable().describe("Host the commands name"),
    gpus: z.array(z.number().int()).describe("GPUs the plan is about"),
    actions: z.array(Action).describe("What the plan carries out, the immediate one first"),
    steps: z.array(StepWire).describe("In order"),
    forbidden_actions: z.array(Action).describe("Actions that would do harm here; no step does one of them"),
    notes: z.array(z.string()).describe("What to know about the plan"),
    simulated: z.boolean().describe("True when the node is simulated"),
  }),
  annotations: {
    title: "Propose a remediation plan",
    readOnlyHint: true,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  run: async (input, { context, signal }: ToolCall<GpuToolContext>) => {
    if (input.subject === "log") return toWire(planRemediation(fromLog(input)));
    const observation = await observeNode(context, { node: input.node, signal });
    if (input.gpu_id !== undefined) requireGpu(input.gpu_id, observation);
    return toWire(planRemediation(fromNode(input, observation)));
  },
});

function fromLog(input: RemediationInputWire): RemediationInput {
  const { actions, verdict, gpu_id: index, pci } = input;
  return {
    actions,
    verdict,
    forbiddenActions: input.forbidden_actions,
    node: input.node,
    gpus: index === undefined && pci === undefined ? [] : [{ index, pci }],
    rules: input.xids?.map((xid) => `xid.${xid}`),
    isSimulated: false,
    notes: [
      "The machine is known only from a log: check its present state first.",
      ...(actions === undefined && verdict === undefined ? ["Neither actions nor a verdict were given."] : []),
    ],
  };
}

function fromNode(input: RemediationInputWire, observation: Observation): RemediationInput {
  const { assessment, reading, node } = observation;
  const ids = input.gpu_id === undefined ? assessment.gpus : [input.gpu_id];
  const isElsewhere =
    input.gpu_id !== undefined && assessment.gpus.length > 0 && !assessment.gpus.includes(input.gpu_id);
  const given = input.actions ?? (input.verdict === undefined && isElsewhere ? actionsOf(ids, observation) : undefined);
  const notes: string[] = [];
  if (isElsewhere) {
    notes.push(`The node's verdict (${assessment.verdict}) is about GPU ${assessment.gpus.join(", ")}, not this one.`);
  }
  const [asked] = input.actions ?? [];
  if (asked !== undefined && !assessment.actions.includes(asked)) {
    notes.push(`The node's present assessment is ${assessment.verdict} and asks for ${assessment.actions.join(", ")}.`);
  }
  return {
    assessment,
    actions: given,
    verdict: input.verdict,
    forbiddenActions: input.forbidden_actions,
    node: reading.hostname ?? node.hostname,
    gpus: ids.map((id) => targetOf(id, observation)),
    isSimulated: reading.isSimulated,
    notes,
  };
}

/** What the findings of these GPUs ask for by themselves, the worst first; nothing found asks for nothing. */
function actionsOf(ids: readonly number[], { assessment }: Observation): readonly Action[] {
  const findings = assessment.findings.filter(({ gpu, causedBy }) => causedBy === undefined && ids.includes(gpu ?? -1));
  const bySeverity = (left: Finding, right: Finding): number =>
    SEVERITY_RANK[right.severity] - SEVERITY_RANK[left.severity];
  const actions = new Set([...findings].sort(bySeverity).map(({ action }) => action));
  actions.delete("NONE");
  return actions.size === 0 ? ["NONE"] : [...actions];
}

function targetOf(index: number, { reading, assessment }: Observation): GpuTarget {
  const gpu = reading.gpus.find((candidate) => candidate.index === index);
  const pci = gpu?.pci ?? assessment.findings.find((finding) => finding.gpu === index)?.pci;
  return { index, uuid: gpu?.uuid, pci, defaultPowerLimitW: gpu?.defaultPowerLimitW };
}

function toWire(plan: RemediationPlan) {
  return {
    plan_id: plan.planId,
    node: plan.node ?? null,
    gpus: plan.gpus,
    actions: plan.actions,
    steps: plan.steps.map((step) => ({
      order: step.order,
      phase: step.phase,
      operation: step.operation,
      action: step.action,
      title: step.title,
      command: step.command ?? null,
      alternatives: step.alternatives,
      risk: step.risk,
      precondition: step.precondition,
      expected_effect: step.expectedEffect,
      verification: step.verification,
      rollback: step.rollback,
      needs_approval: step.needsApproval,
    })),
    forbidden_actions: plan.forbiddenActions,
    notes: plan.notes,
    simulated: plan.isSimulated,
  };
}

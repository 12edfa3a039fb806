import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Assessment, Finding } from "../../../../engine/gpu/finding.ts";
import {
  ACTION_OPERATIONS,
  FORBIDDEN_OPERATIONS,
  OPERATIONS,
  VERDICT_ACTIONS,
} from "../../../../engine/gpu/remediation/catalog.ts";
import { RemediationPhase } from "../../../../engine/gpu/remediation/operation.ts";
import { type RemediationPlan, planRemediation } from "../../../../engine/gpu/remediation/plan.ts";
import { Action, Verdict } from "../../../../engine/gpu/vocabulary.ts";

const UUID = "GPU-12345678-1234-1234-1234-123456789abc";
const GPU = { index: 3, uuid: UUID, pci: "0000:3b:00.0", defaultPowerLimitW: 700 };

const operationsOf = (plan: RemediationPlan) => plan.steps.map(({ operation }) => operation);
const commandsOf = (plan: RemediationPlan) =>
  plan.steps.flatMap(({ command, alternatives }) => [command ?? "", ...alternatives]);

function finding(change: Partial<Finding>): Finding {
  return {
    rule: "xid.79",
    component: "pcie",
    severity: "critical",
    verdict: "gpu_failed",
    title: "lost",
    evidence: [],
    action: "REBOOT_NODE",
    source: "test",
    count: 1,
    ...change,
  };
}

function assessment(change: Partial<Assessment>): Assessment {
  return {
    verdict: "gpu_failed",
    severity: "critical",
    summary: "",
    rootCause: "",
    actions: ["REBOOT_NODE", "RESEAT"],
    forbiddenActions: ["RUN_DIAG"],
    findings: [finding({ gpu: 3, pci: "0000:3b:00.0" })],
    uncertainties: [],
    gpus: [3],
    isSimulated: false,
    ...change,
  };
}

describe("every action", () => {
  it.each(Action.options)("%s has a plan that looks first, is in order, and is complete", (action) => {
    const plan = planRemediation({ actions: [action], node: "node-1", gpus: [GPU] });
    expect(plan.actions).toEqual([action]);
    expect(plan.steps[0]).toMatchObject({ order: 1, phase: "evidence", risk: "read", needsApproval: false });
    const phases = plan.steps.map(({ phase }) => RemediationPhase.options.indexOf(phase));
    expect(phases).toEqual([...phases].sort((left, right) => left - right));
    expect(plan.steps.map(({ order }) => order)).toEqual(plan.steps.map((_, index) => index + 1));
    for (const step of plan.steps) {
      expect(step.needsApproval).toBe(step.risk !== "read");
      for (const text of [step.title, step.precondition, step.expectedEffect, step.verification, step.rollback]) {
        expect(text).not.toBe("");
      }
    }
  });

  it.each(["NONE", "WATCH", "INSPECT_PEER", "INSPECT_HOST"] as const)("%s only reads", (action) => {
    expect(planRemediation({ actions: [action] }).steps.every(({ risk }) => risk === "read")).toBe(true);
  });

  it("is left out of every plan, under any name, when it is forbidden", () => {
    const actions = fc.uniqueArray(fc.constantFrom(...Action.options), { minLength: 1 });
    fc.assert(
      fc.property(actions, fc.uniqueArray(fc.constantFrom(...Action.options)), (requested, forbidden) => {
        const plan = planRemediation({ actions: requested, forbiddenActions: forbidden, node: "n", gpus: [GPU] });
        const banned = new Set<string>(forbidden.flatMap((action) => FORBIDDEN_OPERATIONS[action]));
        expect(operationsOf(plan).filter((operation) => banned.has(operation))).toEqual([]);
        expect(plan.forbiddenActions).toEqual(Action.options.filter((action) => forbidden.includes(action)));
        const fallback = requested.every((action) => forbidden.includes(action));
        for (const { action } of plan.steps) expect(fallback || !forbidden.includes(action)).toBe(true);
        // What an operation cannot do without is in the plan before it.
        for (const [index, operation] of operationsOf(plan).entries()) {
          const { needs = [] } = OPERATIONS[operation as keyof typeof OPERATIONS];
          for (const needed of needs) {
            expect(Object.keys(OPERATIONS)).toContain(needed);
            expect(operationsOf(plan).indexOf(needed)).toBeLessThan(index);
            expect(operationsOf(plan)).toContain(needed);
          }
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it("finds every operation of its list, and no operation is without an action", () => {
    const used = new Set<string>(Action.options.flatMap((action) => ACTION_OPERATIONS[action]));
    // It takes the place of reboot_node after a fault that a warm reboot does not mend.
    used.add("power_cycle_node");
    expect([...used].sort()).toEqual(Object.keys(OPERATIONS).sort());
  });
});

describe("planRemediation", () => {
  it("power-cycles after a GPU fell off the bus, with the GPU's address from the findings", () => {
    const plan = planRemediation({ assessment: assessment({}), node: "node-1" });
    expect(operationsOf(plan)).toEqual([
      "read_gpu_state",
      "read_kernel_log",
      "read_system_events",
      "collect_bug_report",
      "read_pcie",
      "cordon",
      "drain",
      "power_cycle_node",
      "reseat",
      "verify_gpu_answers",
      "verify_pcie",
      "verify_no_new_xid",
      "software_check",
      "uncordon",
    ]);
    expect(plan.steps[0]?.command).toBe("timeout 60 nvidia-smi -q -i 0000:3b:00.0");
    expect(plan.steps.find(({ operation }) => operation === "cordon")).toMatchObject({
      command: "kubectl cordon node-1",
      alternatives: ['scontrol update NodeName=node-1 State=DRAIN Reason="GPU fault"'],
      action: "REBOOT_NODE",
    });
    expect(plan.steps.find(({ operation }) => operation === "reseat")?.precondition).toMatch(
      /^Only if the fault is still there after REBOOT_NODE/,
    );
    expect(plan.gpus).toEqual([3]);
    expect(plan.forbiddenActions).toEqual(["RUN_DIAG"]);
  });

  it("reboots warm for other reasons", () => {
    const plan = planRemediation({ actions: ["REBOOT_NODE"], node: "node-1" });
    expect(operationsOf(plan)).toContain("reboot_node");
    expect(operationsOf(plan)).not.toContain("power_cycle_node");
  });

  it("drains, resets by UUID, and checks that the remap became active", () => {
    const plan = planRemediation({ actions: ["DRAIN_RESET", "RUN_DIAG"], node: "node-1", gpus: [GPU] });
    expect(plan.steps.find(({ operation }) => operation === "reset_gpu")).toMatchObject({
      command: `nvidia-smi --gpu-reset -i ${UUID}`,
      risk: "high",
      needsApproval: true,
    });
    expect(plan.steps.find(({ operation }) => operation === "run_diagnostic")?.command).toBe("dcgmi diag -r 2 -i 3 -j");
    expect(operationsOf(plan)).toContain("verify_memory");
    expect(operationsOf(plan)).not.toContain("free_gpu");
    expect(operationsOf(plan).at(-1)).toBe("uncordon");
  });

  it("restores clocks and the default power limit without taking the node out of service", () => {
    const plan = planRemediation({ actions: ["RESTORE_CLOCKS"], gpus: [GPU] });
    expect(commandsOf(plan)).toContain(`nvidia-smi -i ${UUID} -pl 700`);
    expect(plan.steps.some(({ phase }) => phase === "isolate" || phase === "return")).toBe(false);
    const unknown = planRemediation({ actions: ["RESTORE_CLOCKS"], gpus: [{ index: 1 }] });
    expect(commandsOf(unknown)).toContain('nvidia-smi -i 1 -pl "${DEFAULT_WATTS:?}"');
  });

  it("never gives a node back that waits for a replacement", () => {
    const plan = planRemediation({ actions: ["RMA_REVIEW", "DRAIN_RESET"], node: "node-1", gpus: [GPU] });
    expect(operationsOf(plan)).toContain("open_rma");
    expect(operationsOf(plan)).not.toContain("uncordon");
    expect(plan.notes.join(" ")).toMatch(/stays out of scheduling/);
  });

  it("touches no hardware for an application fault, even when asked to", () => {
    const plan = planRemediation({ verdict: "app", actions: ["RESTART_APP", "REBOOT_NODE", "DRAIN_RESET"] });
    expect(plan.actions).toEqual(["RESTART_APP"]);
    expect(operationsOf(plan).some((id) => ["cordon", "drain", "reboot_node", "reset_gpu"].includes(id))).toBe(false);
    expect(plan.notes).toContain("REBOOT_NODE is left out: it would do harm here.");
  });

  it("only watches when everything asked for is forbidden", () => {
    const plan = planRemediation({ actions: ["REBOOT_NODE"], forbiddenActions: ["REBOOT_NODE"] });
    expect(plan.actions).toEqual(["WATCH"]);
    expect(plan.steps.every(({ risk }) => risk === "read")).toBe(true);
  });

  it.each(Verdict.options)("has a plan for %s alone", (verdict) => {
    const plan = planRemediation({ verdict });
    expect(plan.actions).toEqual(VERDICT_ACTIONS[verdict]);
    expect(plan.steps.length).toBeGreaterThan(1);
  });

  it("uses the assessment's actions only for its own verdict", () => {
    expect(planRemediation({ assessment: assessment({}), verdict: "cooling" }).actions).toEqual(["CHECK_COOLING"]);
    expect(planRemediation({ assessment: assessment({}), verdict: "gpu_failed" }).actions).toEqual([
      "REBOOT_NODE",
      "RESEAT",
    ]);
  });

  it("says that a simulated plan is one, and what it is worth", () => {
    const plan = planRemediation({ assessment: assessment({ isSimulated: true }) });
    expect(plan.isSimulated).toBe(true);
    expect(plan.notes.join(" ")).toMatch(/simulated.*nothing has been carried out/i);
  });
});

describe("planId", () => {
  const input = { actions: ["DRAIN_RESET"], node: "node-1", gpus: [GPU] } as const;

  it("is the same for the same content and another one for any other", () => {
    const { planId } = planRemediation(input);
    expect(planId).toMatch(/^plan-[0-9a-f]{32}$/);
    expect(planRemediation({ ...input }).planId).toBe(planId);
    const others = [
      planRemediation({ ...input, node: "node-2" }),
      planRemediation({ ...input, gpus: [{ ...GPU, uuid: UUID.replace("abc", "abd") }] }),
      planRemediation({ ...input, actions: ["RESET_GPU"] }),
      planRemediation({ ...input, forbiddenActions: ["RUN_DIAG"] }),
      planRemediation({ ...input, isSimulated: true }),
    ];
    expect(new Set([planId, ...others.map((plan) => plan.planId)]).size).toBe(6);
  });
});

describe("commands", () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "n; rm -rf /",
      "$(reboot)",
      "`id`",
      "a b",
      "-rf",
      "n\nreboot",
      "n|sh",
      "n&",
      "../x",
      "n>f",
      "'",
      '"',
    ),
  );

  it("let nothing from outside reach the shell as anything but a plain word", () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, fc.constantFrom(...Action.options), (node, uuid, pci, action) => {
        const plan = planRemediation({ actions: [action], node, gpus: [{ uuid, pci, index: Number.NaN }] });
        const isPlain = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(node);
        // The commands are those for a target of which nothing, or only the plain name, is known.
        const expected = planRemediation({ actions: [action], node: isPlain ? node : undefined, gpus: [{}] });
        expect(commandsOf(plan)).toEqual(commandsOf(expected));
      }),
      { seed: 11, numRuns: 400 },
    );
  });

  it("name what could not be used, and stop the shell while it is unset", () => {
    const plan = planRemediation({ actions: ["RESET_GPU"], node: "n; reboot", gpus: [{ uuid: "GPU-x;id" }] });
    expect(commandsOf(plan)).toContain('kubectl cordon "${NODE:?}"');
    expect(commandsOf(plan)).toContain('nvidia-smi --gpu-reset -i "${GPU:?}"');
    expect(plan.notes.filter((note) => note.includes("cannot stand in a command"))).toHaveLength(2);
  });

  it("fall back from UUID to PCI address to index, and list several GPUs", () => {
    const reset = (gpus: readonly object[]) =>
      planRemediation({ actions: ["RESET_GPU"], gpus }).steps.find(({ operation }) => operation === "reset_gpu")
        ?.command;
    expect(reset([{ pci: "0000:3B:00.0", index: 1 }])).toBe("nvidia-smi --gpu-reset -i 0000:3b:00.0");
    expect(reset([{ index: 1 }, { index: 2 }])).toBe("nvidia-smi --gpu-reset -i 1,2");
    expect(reset([{ index: -1 }])).toBe('nvidia-smi --gpu-reset -i "${GPU:?}"');
  });

  it("are only such as exist", () => {
    const known =
      /^(timeout \d+ )?(nvidia-smi|nvidia-bug-report\.sh|journalctl|dmesg|ipmitool|kubectl|scontrol|squeue|systemctl|dcgmi|lspci|ibstat|rdma|ip|cat|modinfo|nv-fabricmanager|ps|free|kill|virsh) /;
    for (const action of Action.options) {
      for (const command of commandsOf(planRemediation({ actions: [action], node: "n", gpus: [GPU] }))) {
        if (command !== "" && command !== "ibstat") expect(`${command} `).toMatch(known);
        expect(command).not.toMatch(/nvidia-smi nvswitch/);
      }
    }
  });
});

import { afterEach, describe, expect, it } from "vitest";

import { planRemediation } from "../../../engine/gpu/remediation/plan.ts";
import { proposeRemediation } from "../../../tools/gpu/propose-remediation.ts";
import { observeNode } from "../../../tools/gpu/observe.ts";
import scenarios from "../../../seeds/gpu-scenarios.json" with { type: "json" };
import { type ToolBench, openToolBench } from "./support/run-tool.ts";

interface Plan {
  readonly plan_id: string;
  readonly node: string | null;
  readonly gpus: readonly number[];
  readonly actions: readonly string[];
  readonly forbidden_actions: readonly string[];
  readonly steps: readonly {
    phase: string;
    operation: string;
    command: string | null;
    risk: string;
    needs_approval: boolean;
  }[];
  readonly notes: readonly string[];
  readonly simulated: boolean;
}

const benches: ToolBench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
});

async function open(scenario: string) {
  const bench = await openToolBench({ scenario });
  benches.push(bench);
  const signal = new AbortController().signal;
  return {
    ...bench,
    observe: () => observeNode(bench.context, { signal }),
    // The output schema has checked the answer.
    propose: async (args: Record<string, unknown>) => (await bench.run(proposeRemediation, args)) as unknown as Plan,
  };
}

describe("propose_remediation", () => {
  it.each(scenarios.scenarios.map(({ name, first_action: action }) => [name, action] as const))(
    "plans for a simulated %s, with %s first, in order and without what is forbidden",
    async (name, action) => {
      const { propose, observe } = await open(name);
      const plan = await propose({});
      const { assessment } = await observe();
      expect(plan.actions[0]).toBe(action);
      expect(plan.simulated).toBe(true);
      expect(plan.forbidden_actions).toEqual(expect.arrayContaining(assessment.forbiddenActions));
      expect(plan.actions.filter((one) => plan.forbidden_actions.includes(one))).toEqual([]);
      const order = ["evidence", "isolate", "recover", "verify", "return"];
      const phases = plan.steps.map(({ phase }) => order.indexOf(phase));
      expect(phases).toEqual([...phases].sort((left, right) => left - right));
      for (const step of plan.steps) expect(step.needs_approval).toBe(step.risk !== "read");
    },
  );

  it("fills in the node's name and the GPU's UUID", async () => {
    const { propose, observe } = await open("ecc_errors");
    const { reading, assessment } = await observe();
    const plan = await propose({});
    const uuid = reading.gpus.find(({ index }) => index === assessment.gpus[0])?.uuid;
    expect(plan.gpus).toEqual(assessment.gpus);
    expect(plan.steps.find(({ operation }) => operation === "reset_gpu")?.command).toBe(
      `nvidia-smi --gpu-reset -i ${uuid}`,
    );
    expect(plan.steps.find(({ operation }) => operation === "cordon")?.command).toBe(`kubectl cordon ${plan.node}`);
    expect(plan.node).toBe(reading.hostname);
  });

  it("gives the same plan the same id, and another plan another one", async () => {
    const { propose } = await open("ecc_errors");
    const { plan_id: id } = await propose({});
    expect((await propose({})).plan_id).toBe(id);
    expect((await propose({ actions: ["RESET_GPU"] })).plan_id).not.toBe(id);
  });

  it("plans for a healthy GPU of a sick node by that GPU's own findings", async () => {
    const { propose, observe } = await open("gpu_fallen_off_bus");
    const { assessment, reading } = await observe();
    const other = reading.gpus.find(({ index }) => !assessment.gpus.includes(index))?.index;
    const plan = await propose({ gpu_id: other });
    expect(plan.actions).not.toContain("REBOOT_NODE");
    expect(plan.notes.join(" ")).toMatch(/verdict \(gpu_failed\) is about GPU/);
  });

  it("says so when other actions are asked for than the node needs", async () => {
    const { propose } = await open("healthy");
    const plan = await propose({ actions: ["CHECK_COOLING"] });
    expect(plan.actions).toEqual(["CHECK_COOLING"]);
    expect(plan.notes[0]).toBe("The node's present assessment is healthy and asks for NONE.");
  });

  it("plans for a machine known only from a log without reading or judging the node here", async () => {
    const { propose } = await open("clock_stuck");
    const plan = await propose({
      subject: "log",
      actions: ["REBOOT_NODE"],
      forbidden_actions: ["RUN_DIAG"],
      node: "dgx-17",
      pci: "0000:3b:00.0",
    });
    expect(plan).toMatchObject({
      node: "dgx-17",
      simulated: false,
      actions: ["REBOOT_NODE"],
      forbidden_actions: ["RUN_DIAG"],
    });
    expect(plan.steps[0]?.command).toBe("timeout 60 nvidia-smi -q -i 0000:3b:00.0");
    expect(plan.notes[0]).toMatch(/known only from a log/);
    const cold = await propose({ subject: "log", actions: ["REBOOT_NODE"], xids: [79] });
    const operations = cold.steps.map(({ operation }) => operation);
    expect(operations).toContain("power_cycle_node");
    expect(operations).not.toContain("reboot_node");
    const empty = await propose({ subject: "log" });
    expect(empty.actions).toEqual(["WATCH"]);
    expect(empty.notes).toContain("Neither actions nor a verdict were given.");
  });

  it("lets no shell through in the name of a node from a log", async () => {
    const { propose } = await open("healthy");
    const plan = await propose({ subject: "log", actions: ["DRAIN_RESET"], node: "n; reboot", pci: "$(id)" });
    for (const { command } of plan.steps) expect(command ?? "").not.toMatch(/; reboot|\$\(id\)/);
    expect(plan.notes.join(" ")).toMatch(/"n; reboot" cannot stand in a command/);
  });

  it("names what exists when the node or the GPU does not", async () => {
    const { propose } = await open("healthy");
    await expect(propose({ node: "nowhere" })).rejects.toMatchObject({ code: "node_not_found" });
    await expect(propose({ gpu_id: 9 })).rejects.toMatchObject({
      code: "gpu_not_found",
      message: expect.stringMatching(/valid ids are 0, 1, 2, 3/) as string,
    });
  });

  it("answers with the plan of the engine", async () => {
    const { propose } = await open("healthy");
    const direct = planRemediation({ actions: ["CHECK_APP"], verdict: "app", isSimulated: false, gpus: [] });
    const plan = await propose({ subject: "log", actions: ["CHECK_APP"], verdict: "app" });
    expect(plan.steps.map(({ operation }) => operation)).toEqual(direct.steps.map(({ operation }) => operation));
  });
});

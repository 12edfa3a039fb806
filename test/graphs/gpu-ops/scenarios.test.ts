import { AIMessage } from "@langchain/core/messages";
import { afterAll, describe, expect, it } from "vitest";

import { SCENARIOS, SCENARIO_VARIANTS, type Scenario, scenarioLabel } from "../../../engine/gpu/simulator/scenarios.ts";
import { openRealTools } from "../support/real-tools.ts";
import { type Answer, createTestModel, startConversation } from "../support/run-graph.ts";

/** Whole runs of the offline agent over the real tools: what it reports is what the scenario is known to be. */
const INCIDENTS: Readonly<Record<string, string>> = {
  thermal_warning: "I11",
  ecc_errors: "I01",
  memory_pressure: "I17",
  gpu_fallen_off_bus: "I04",
  nvlink_errors: "I06",
  clock_stuck: "I13",
  power_brake: "I12",
  gsp_timeout: "I05",
  row_remap_exhausted: "I02",
  pcie_degraded: "I18",
  nvswitch_fatal: "I07",
  fabric_manager_down: "I08",
  driver_mismatch: "I09",
  ib_flap: "I14",
  app_fault_xid13: "I16",
  contained_94: "I03",
  sdc_suspect: "I19",
  stale_telemetry: "I23",
  "thermal_warning:critical": "I11",
  "clock_stuck:power_limit": "I13",
  "ecc_errors:exhausted": "I02",
  "nvlink_errors:blackwell": "I20",
};

const toolCounts: number[] = [];

async function askAbout(scenario: Scenario): Promise<Answer> {
  const tools = await openRealTools({ SIM_SCENARIO: scenarioLabel(scenario) });
  try {
    const conversation = startConversation({ tools: tools.client, model: await createTestModel() });
    return await conversation.ask("Why is training slow on this node?");
  } finally {
    await tools.close();
  }
}

function callCount(answer: Answer): number {
  return answer.messages
    .filter((message) => AIMessage.isInstance(message))
    .reduce((sum, message) => sum + (message.tool_calls?.length ?? 0), 0);
}

describe.each([...SCENARIOS, ...SCENARIO_VARIANTS].map((scenario) => ({ label: scenarioLabel(scenario), scenario })))(
  "$label",
  ({ scenario }) => {
    it("is reported as it is", async () => {
      const answer = await askAbout(scenario);
      const { report, text } = answer;
      toolCounts.push(callCount(answer));
      expect([report.verdict, report.actions[0]]).toEqual([scenario.verdict, scenario.firstAction]);
      expect(report.alerts.length > 0).toBe(scenario.shouldAlert);
      expect(report).toMatchObject({ simulated: true, answered_by: "offline policy", notes: [] });
      expect(text).toContain("simulated");
      if (scenario.verdict !== "healthy") {
        expect(report.evidence.length).toBeGreaterThan(0);
        expect(report.remediation.length).toBeGreaterThan(0);
        expect(text).toContain(scenario.verdict);
        expect(report.incidents[0]?.id).toBe(INCIDENTS[scenarioLabel(scenario)]);
      }
      // Titles and causes are put together from parts; the joints must not show.
      expect(text).not.toMatch(/[^.]\.\.(?!\.)|\. ?[,;:]|: :|undefined|null\b|\[object/);
      for (const action of report.actions) expect(report.forbidden_actions).not.toContain(action);
    });
  },
);

afterAll(() => {
  const sorted = toolCounts.toSorted((left, right) => left - right);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(5);
  expect(sorted.at(-1)).toBeLessThanOrEqual(5);
});

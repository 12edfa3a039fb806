import { AIMessage } from "@langchain/core/messages";
import { afterAll, describe, expect, it } from "vitest";

import { SCENARIOS, SCENARIO_VARIANTS, type Scenario, scenarioLabel } from "../../../engine/gpu/simulator/scenarios.ts";
import { openRealTools } from "../support/real-tools.ts";
import { type Answer, createTestModel, startConversation } from "../support/run-graph.ts";

/** Whole runs of the offline agent over the real tools: what it reports is what the scenario is known to be. */
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
      }
      for (const action of report.actions) expect(report.forbidden_actions).not.toContain(action);
    });
  },
);

afterAll(() => {
  const sorted = toolCounts.toSorted((left, right) => left - right);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(5);
  expect(sorted.at(-1)).toBeLessThanOrEqual(5);
});

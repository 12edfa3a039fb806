import { jsonrepair } from "jsonrepair";
import { describe, expect, it } from "vitest";

import type { LlmColumn } from "../../../../engine/data/llm/column.ts";
import { type Conversation, advance, startConversation } from "../../../../engine/data/llm/conversation.ts";
import { buildMessages } from "../../../../engine/data/llm/prompt.ts";

const column: LlmColumn = {
  column_type: "llm-structured",
  name: "s",
  output_format: { properties: { a: { type: "integer" } } },
};
const reply = (state: Conversation, text: string, maxCorrections: number, maxRestarts: number): Conversation =>
  advance(state, { text, isCut: false }, { column, limits: { maxCorrections, maxRestarts }, repairJson: jsonrepair });

describe("a cell's conversation", () => {
  it("asks in the user's words first and then for a json block by the schema", () => {
    const [system, user] = buildMessages(column, { prompt: "Count the birds.", systemPrompt: "Be brief." });
    expect(system).toEqual({ role: "system", content: "Be brief." });
    expect(user?.content).toMatch(
      /^Count the birds\.\n\n[\s\S]*```json[\s\S]*<response_schema>\n\{"properties"[\s\S]*<\/response_schema>$/,
    );
    expect(buildMessages({ column_type: "llm-text", name: "t" }, { prompt: "Hi" })).toEqual([
      { role: "user", content: "Hi" },
    ]);
  });

  it("corrects first, then starts afresh, then fails with the last problem", () => {
    const opening = buildMessages(column, { prompt: "Count." });
    let state: Conversation = startConversation(opening);
    const lengths: number[] = [];
    for (let answers = 0; state.status === "asking"; answers += 1) {
      expect(answers).toBeLessThan(4);
      lengths.push(state.messages.length);
      state = reply(state, '{"a": "many"}', 1, 1);
    }
    expect(lengths).toEqual([1, 3, 1, 3]);
    expect(state).toMatchObject({
      status: "failed",
      answers: 4,
      problem: expect.stringContaining("$.a must be integer"),
    });
  });

  it("tells the model what was wrong and takes the corrected answer", () => {
    const asked = reply(startConversation(buildMessages(column, { prompt: "Count." })), "none", 1, 0);
    expect(asked.status === "asking" && asked.messages.at(-1)?.content).toMatch(/no JSON in the answer/);
    expect(reply(asked, '{"a": 2}', 1, 0)).toMatchObject({ status: "done", value: { a: 2 } });
  });
});

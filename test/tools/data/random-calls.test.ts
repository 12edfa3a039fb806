import { afterAll, beforeAll, expect, it } from "vitest";

import { DesignDraft } from "../../../engine/data/design/draft.ts";
import { seededRandom } from "../../../lib/random.ts";
import { DATA_TOOLS } from "../../../tools/data/index.ts";
import { type Answer, type DataTools, openDataTools } from "./support/open-data-tools.ts";

let tools: DataTools;
beforeAll(async () => {
  tools = await openDataTools();
});
afterAll(() => tools.close());

const NAMES = [
  "price",
  "Price",
  "order id",
  "a",
  "__proto__",
  "constructor",
  "in",
  "1st",
  "",
  "x".repeat(300),
  "toString",
  "{{ a }}",
];
const TEXTS = [
  ...NAMES,
  "{{ price * 2 }}",
  "{{ order id }}",
  "{% if a %}",
  "{a}",
  "price = 3",
  "a, b, c",
  "[1, 2",
  "80%",
  "2024-01-01",
  "\ud800",
];
const NUMBERS = [0, 1, -1, 2.5, 1e9, 1e308, Number.MAX_SAFE_INTEGER, "3", "1,5"];
const OTHERS = [
  null,
  true,
  [],
  {},
  ["a", 1],
  { a: 1 },
  { "a > 1": { low: 1, high: 2 } },
  [{ name: "S", options: ["1"] }],
];
/** Tools that only read or start something are called as well, save those that would generate rows. */
const CALLED = DATA_TOOLS.filter(
  (tool) => !["preview_data", "create_job", "finalize_submission", "cancel_job"].includes(tool.name),
);

it("of any kind never break a tool, and the design can always be read back", async () => {
  const random = seededRandom(11);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const value = (key: string, example: unknown): unknown => {
    const dice = random();
    if (dice < 0.7) return key === "name" ? pick(NAMES) : example;
    if (dice < 0.85) return pick(TEXTS);
    return dice < 0.93 ? pick(NUMBERS) : pick<unknown>(OTHERS);
  };
  const codes = new Map<string, number>();
  for (let sequence = 0; sequence < 40; sequence += 1) {
    const client = tools.connect();
    for (let step = 0; step < 25; step += 1) {
      const tool = pick(CALLED);
      const fields = Object.keys(tool.input.shape).filter((key) => key === "name" || random() < 0.9);
      const args = Object.fromEntries(fields.map((key) => [key, value(key, tool.example?.[key])]));
      const outcome = await client.call(tool.name, args);
      const answer: Answer = outcome.structured ?? {};
      const code = outcome.isError ? String(answer["code"]) : "ok";
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // `tool_failed` is what an unexpected exception becomes.
      if (code === "tool_failed") throw new Error(`${tool.name} ${JSON.stringify(args)}: ${outcome.text}`);
      if ("design" in answer) expect(DesignDraft.parse(answer["design"])).toEqual(answer["design"]);
    }
    await client.close();
  }
  // Both ways have to be gone often, or the calls prove nothing.
  expect(codes.get("ok")).toBeGreaterThan(200);
  expect(codes.get("invalid_input")).toBeGreaterThan(200);
  const expected = ["ok", "invalid_input", "unreadable_input", "forbidden", "already_exists", "not_found", "conflict"];
  expect([...codes.keys()].filter((code) => !expected.includes(code))).toEqual([]);
});

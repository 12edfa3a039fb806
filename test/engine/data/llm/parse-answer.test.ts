import { jsonrepair } from "jsonrepair";
import { describe, expect, it } from "vitest";

import type { LlmColumn } from "../../../../engine/data/llm/column.ts";
import type { JsonSchema } from "../../../../engine/data/llm/json-schema.ts";
import { parseAnswer } from "../../../../engine/data/llm/parse-answer.ts";
import type { JsonValue } from "../../../../engine/data/table.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    name: { type: "string" },
    age: { type: "integer", minimum: 0 },
    tags: { type: "array", items: { type: "string" } },
    level: { enum: ["low", "high"] },
    active: { type: "boolean" },
  },
  required: ["name", "age"],
};
const structured: LlmColumn = { column_type: "llm-structured", name: "s", output_format: schema };
const list: LlmColumn = {
  column_type: "llm-structured",
  name: "l",
  output_format: { type: "array", items: { type: "integer" } },
};
const python: LlmColumn = { column_type: "llm-code", name: "c", code_lang: "python" };
const sql: LlmColumn = { column_type: "llm-code", name: "q", code_lang: "sql:postgres" };
const text: LlmColumn = { column_type: "llm-text", name: "t" };
const judge: LlmColumn = {
  column_type: "llm-judge",
  name: "j",
  scores: [
    { name: "Clarity", description: "", options: { "1": "unclear", "2": "partly", "3": "clear" } },
    { name: "Tone", description: "", options: { Good: "", "Very Bad": "" } },
  ],
};

const ann = { name: "Ann", age: 3 };
const A = '{"name": "Ann", "age": 3}';
const fence = (content: string, language = "json"): string => `\`\`\`${language}\n${content}\n\`\`\``;
const judged = (score: JsonValue, tone: JsonValue = "Good"): string =>
  fence(JSON.stringify({ Clarity: { reasoning: "because", score }, Tone: { reasoning: "so", score: tone } }));
const verdict = (score: JsonValue, tone: JsonValue = "Good"): JsonValue => ({
  Clarity: { score, reasoning: "because" },
  Tone: { score: tone, reasoning: "so" },
});

type Row = readonly [what: string, column: LlmColumn, answer: string, expected: JsonValue | RegExp, isCut?: true];

/** A value: the answer is used as this. An expression: it is not used, for this reason. */
const ROWS: readonly Row[] = [
  ["a fenced block", structured, fence(A), ann],
  ["prose around the block", structured, `Sure! Here it is:\n\n${fence(A)}\n\nHope this helps.`, ann],
  ["the last of two blocks", structured, `${fence('{"name": "Bob", "age": 1}')}\nCorrected:\n${fence(A)}`, ann],
  ["a last block that does not fit", structured, `${fence(A)}\nFor example:\n${fence('{"x": 1}')}`, ann],
  ["an upper-case fence", structured, fence(A, "JSON"), ann],
  ["a json5 fence", structured, fence(A, "json5"), ann],
  ["a fence without a language", structured, fence(A, ""), ann],
  ["a fence of another language", structured, fence(A, "python"), ann],
  ["a tilde fence", structured, `~~~json\n${A}\n~~~`, ann],
  ["a longer fence", structured, `\`\`\`\`json\n${A}\n\`\`\`\``, ann],
  ["an indented fence", structured, `  \`\`\`json\n  ${A}\n  \`\`\``, ann],
  ["Windows line ends", structured, fence(A).replaceAll("\n", "\r\n"), ann],
  ["a fence on one line", structured, `\`\`\`json ${A} \`\`\``, ann],
  ["a closing fence at the end of a line", structured, `\`\`\`json\n${A}\`\`\``, ann],
  ["a fence that never closes", structured, `\`\`\`json\n${A}`, ann],
  ["bare JSON", structured, A, ann],
  ["bare JSON after prose", structured, `The answer is ${A}.`, ann],
  ["tags around the JSON", structured, `<response>${A}</response>`, ann],
  ["a thought before the block", structured, `<think>{"name": "no"}</think>${fence(A)}`, ann],
  ["a thought whose opening tag is lost", structured, `Let me see.\n</think>\n${fence(A)}`, ann],
  ["a thought that never ends", structured, `<think>I wonder ${A}`, /empty/],
  ["trailing commas", structured, fence('{"name": "Ann", "age": 3,}'), ann],
  ["single quotes", structured, fence("{'name': 'Ann', 'age': 3}"), ann],
  ["keys without quotes", structured, fence('{name: "Ann", age: 3}'), ann],
  ["a comment", structured, fence('{"name": "Ann", // the name\n"age": 3}'), ann],
  ["Python constants", structured, fence('{"name": "Ann", "age": 3, "active": True}'), { ...ann, active: true }],
  ["a missing comma", structured, fence('{"name": "Ann" "age": 3}'), ann],
  ["a missing bracket", structured, fence('{"name": "Ann", "age": 3'), ann],
  ["typographic quotes", structured, fence("{“name”: “Ann”, “age”: 3}"), ann],
  ["a raw line break in a text", structured, fence('{"name": "Ann\nLee", "age": 3}'), { name: "Ann\nLee", age: 3 }],
  [
    "an ellipsis after the last item",
    structured,
    fence('{"name": "Ann", "age": 3, "tags": ["x", ...]}'),
    { ...ann, tags: ["x"] },
  ],
  ["half an object at the token limit", structured, '```json\n{"name": "Ann", "age": 3', /cut off/, true],
  ["a whole object at the token limit", structured, fence(A), ann, true],
  ["a further property", structured, fence('{"name": "Ann", "age": 3, "mood": "fine"}'), ann],
  ["a number as text", structured, fence('{"name": "Ann", "age": "3"}'), ann],
  ["a boolean as text", structured, fence('{"name": "Ann", "age": 3, "active": "True"}'), { ...ann, active: true }],
  [
    "an option in other letters",
    structured,
    fence('{"name": "Ann", "age": 3, "level": "HIGH"}'),
    { ...ann, level: "high" },
  ],
  ["no option at all", structured, fence('{"name": "Ann", "age": 3, "level": "medium"}'), /\$\.level must be one of/],
  [
    "a fraction for a whole number",
    structured,
    fence('{"name": "Ann", "age": 3.5}'),
    /\$\.age must be integer, not number/,
  ],
  ["a number below its bound", structured, fence('{"name": "Ann", "age": -1}'), /\$\.age must be at least 0/],
  ["a missing property", structured, fence('{"name": "Ann"}'), /\$ lacks the property "age"/],
  ["null for a text", structured, fence('{"name": null, "age": 3}'), /\$\.name must be string, not null/],
  ["a wrapper object", structured, fence(`{"response": ${A}}`), ann],
  ["a list around the object", structured, fence(`[${A}]`), ann],
  ["two objects in a list", structured, fence(`[${A}, ${A}]`), /must be object, not array/],
  ["JSON inside a JSON text", structured, JSON.stringify(A), ann],
  ["the schema instead of an answer", structured, fence(JSON.stringify(schema)), /lacks the property "name"/],
  ["prose only", structured, "I cannot answer that.", /no JSON/],
  ["nothing", structured, "  \n", /empty/],
  ["nothing at the token limit", structured, "", /cut off before/, true],
  ["a property named __proto__", structured, fence('{"name": "Ann", "age": 3, "__proto__": {"x": 1}}'), ann],
  ["a list", list, fence("[1, 2, 3]"), [1, 2, 3]],
  ["a list in prose", list, "Here: [1, 2, 3] as asked", [1, 2, 3]],
  ["a wrapped list", list, '{"result": [1, 2]}', [1, 2]],
  ["numbers as text in a list", list, '["1", 2]', [1, 2]],
  ["code", python, fence("x = 1\n", "python"), "x = 1"],
  ["code with a short language name", python, fence("x = 1", "py"), "x = 1"],
  ["code without a language", python, fence("x = 1", ""), "x = 1"],
  ["code that keeps its indentation", python, fence("    x = 1\n    y = 2", "python"), "    x = 1\n    y = 2"],
  [
    "code beside a block of another language",
    python,
    `${fence("pip install x", "bash")}\n${fence("x = 1", "python")}`,
    "x = 1",
  ],
  ["code in another language", python, fence("let x = 1;", "javascript"), /is javascript, not python/],
  ["two blocks of code", python, `${fence("x = 1", "python")}\n${fence("y = 2", "python")}`, /2 code blocks/],
  ["code without a fence", python, "x = 1", /no code block/],
  ["an empty block", python, fence("", "python"), /no code block/],
  ["code that was cut off", python, "```python\ndef f(:", /does not end/],
  ["SQL fenced by its dialect", sql, fence("SELECT 1", "postgresql"), "SELECT 1"],
  ["SQL", sql, fence("SELECT 1", "sql"), "SELECT 1"],
  ["text", text, "  plain words\n", "plain words"],
  ["text with a fence stays as it is", text, fence("x", "md"), fence("x", "md")],
  ["text after a thought", text, "<thinking>hm</thinking>\n\nyes", "yes"],
  ["only a thought", text, "<think>hm</think>", /empty/],
  ["a score", judge, judged(3), verdict(3)],
  ["a score as text", judge, judged("3"), verdict(3)],
  ["a score with a fraction of zero", judge, judged("3.0"), verdict(3)],
  ["a score in other letters", judge, judged(2, " very bad "), verdict(2, "Very Bad")],
  ["a score with an underscore", judge, judged(2, "very_bad"), verdict(2, "Very Bad")],
  ["a score that is no option", judge, judged(4), /"Clarity": 4 is none of 1, 2, 3/],
  ["a boolean, which is never 1", judge, judged(true), /"Clarity": true is none of/],
  ["a missing score", judge, fence('{"Clarity": {"score": 1, "reasoning": "x"}}'), /"Tone" is missing/],
  [
    "scores without objects",
    judge,
    fence('{"clarity": 1, "tone": "good"}'),
    { Clarity: { score: 1, reasoning: "" }, Tone: { score: "Good", reasoning: "" } },
  ],
];

describe("reading a model's answer", () => {
  it.each(ROWS.map((row) => ({ what: row[0], row })))("$what", ({ row }) => {
    const [, column, answer, expected, isCut] = row;
    const parsed = parseAnswer(column, answer, { repairJson: jsonrepair, isCut: isCut === true });
    if (expected instanceof RegExp) expect(parsed.isUsable ? parsed.value : parsed.problem).toMatch(expected);
    else expect(parsed.isUsable ? parsed.value : parsed.problem).toEqual(expected);
    expect(parsed.isUsable).toBe(!(expected instanceof RegExp));
  });

  it("says when it repaired or changed something", () => {
    const parsed = parseAnswer(structured, '{"name": "Ann", age: "3", "x": 1}', {
      repairJson: jsonrepair,
      isCut: false,
    });
    expect(parsed).toMatchObject({ repairs: ["JSON repaired", "$.age read as 3", "$.x removed"] });
  });

  it("does not hang on deep nesting or endless fences", () => {
    const options = { repairJson: jsonrepair, isCut: false };
    expect(parseAnswer(structured, "[".repeat(50_000), options).isUsable).toBe(false);
    expect(parseAnswer(python, "```\n".repeat(20_000), options).isUsable).toBe(false);
  });
});

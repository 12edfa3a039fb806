import { describe, expect, it } from "vitest";

import { createOfflineText } from "../../../../engine/data/text/offline-text.ts";
import { checkJavascript } from "../../../../tools/data/validators/javascript-syntax.ts";

describe("JavaScript and TypeScript checks by Node's parsers", () => {
  it.each<["javascript" | "typescript", string]>([
    ["javascript", "const a = 1; function f() { return a; }"],
    ["javascript", "import { a } from 'b';\nexport const c = await a();"],
    ["typescript", "export const a: number = 1;\nenum Colour { Red }"],
    ["typescript", "class A<T> { private readonly x: T | undefined; constructor(x?: T) { this.x = x; } }"],
  ])("accept %s %j", (language, code) => {
    expect(checkJavascript(code, language)).toMatchObject({ is_valid: true, validator: "parser" });
  });

  it.each<["javascript" | "typescript", string, number]>([
    ["javascript", "const a = ;", 1],
    ["javascript", "let a = 1;\nlet a = 2;", 2],
    ["javascript", "export const a: number = 1;", 1],
    ["javascript", "", 1],
    ["typescript", "const a: = 1;", 1],
    ["typescript", "function (", 1],
  ])("refuse %s %j", (language, code, line) => {
    const check = checkJavascript(code, language);
    expect(check.is_valid).toBe(false);
    expect(check.problems).toMatchObject([{ line, message: expect.stringMatching(/\w/) }]);
  });

  it("never run the code", () => {
    const code = "globalThis.hasRun = true; process.exit(3);";
    expect(checkJavascript(code, "javascript").is_valid).toBe(true);
    expect("hasRun" in globalThis).toBe(false);
  });

  it.each(["javascript", "typescript"] as const)("accept what the offline model writes in %s", (language) => {
    const model = createOfflineText({ seed: 3 });
    const column = { column_type: "llm-code", name: "code", code_lang: language } as const;
    for (let row = 0; row < 60; row += 1) {
      const code = model.generate({ column, prompt: "Write code", record: {}, row });
      expect(typeof code === "string" ? checkJavascript(code, language).problems : code).toEqual([]);
    }
  });
});

import { expect, it } from "vitest";
import { FILTER_SIGNATURES, METHOD_SIGNATURES, TEST_SIGNATURES } from "../../../../engine/data/template/signatures.ts";
import { compileCondition, compileSkip, compileTemplate } from "../../../../engine/data/template/template.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import { RECORD } from "./rows/record.ts";

const FILTERS = Object.keys(FILTER_SIGNATURES);
const METHODS = Object.keys(METHOD_SIGNATURES);
const TESTS = Object.keys(TEST_SIGNATURES);
const NAMES = [...Object.keys(RECORD), "missing", "loop"];
const LITERALS = ["1", "0", "-1", "2.5", "3.0", "'x'", "''", "none", "true", "[]", "[1, 'a']", "{'a': 1}", "(1,)"];
const ODD_LITERALS = ["99999999999999999999", "1e308", "'%s %d'", "'{} {:>5}'", "'$.a[0]'", "400"];
const OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", "in", "not in", "and", "or"];
const KEYS = ["first", "a", "constructor", "items", "name", "__proto__", "prototype", "0"];
const TOKENS =
  "{{ }} {% %} {# #} - if for in endif endfor else elif raw endraw x ' \" | upper ( ) [ ] { } , : . 1 ** is not set ~ \\ é 😀".split(
    " ",
  );

class Source {
  private state: number;
  constructor(seed: number) {
    this.state = seed;
  }

  random(): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) | 0;
    return (this.state >>> 0) / 2 ** 32;
  }

  pick(choices: readonly string[]): string {
    return choices[Math.floor(this.random() * choices.length)] ?? "";
  }

  maybe(text: () => string): string {
    return this.random() < 0.5 ? text() : "";
  }

  expression(depth: number): string {
    if (depth <= 0) return this.pick([...NAMES, ...LITERALS, ...ODD_LITERALS]);
    const inner = (): string => this.expression(depth - 1 - Math.floor(this.random() * 2));
    const forms = [
      () => `(${inner()} ${this.pick(OPERATORS)} ${inner()})`,
      () => `(${inner()} | ${this.pick(FILTERS)}${this.maybe(() => `(${inner()})`)})`,
      () => `(${inner()} | ${this.pick(FILTERS)}${this.maybe(() => `(${inner()}, ${inner()})`)})`,
      () => `(${inner()}).${this.pick(METHODS)}(${this.maybe(inner)})`,
      () => `(${inner()} is ${this.pick(TESTS)}${this.maybe(() => `(${inner()})`)})`,
      () => `${inner()}[${inner()}]`,
      () => `${this.pick(NAMES)}[${this.maybe(inner)}:${this.maybe(inner)}:${this.maybe(inner)}]`,
      () => `(${inner()} if ${inner()} else ${inner()})`,
      () => `${this.pick(NAMES)}.${this.pick(KEYS)}`,
    ];
    return (forms[Math.floor(this.random() * forms.length)] ?? inner)();
  }

  template(): string {
    const kind = this.random();
    if (kind < 0.5) return `{{ ${this.expression(4)} }}`;
    if (kind < 0.7) return `{% for x in ${this.expression(2)} %}{{ ${this.expression(2)} }}{% endfor %}`;
    return Array.from({ length: 20 }, () => this.pick(TOKENS)).join(this.pick([" ", ""]));
  }

  /** Takes a few characters out of a text, often. */
  damage(text: string): string {
    if (this.random() < 0.7) return text;
    const at = Math.floor(this.random() * text.length);
    return text.slice(0, at) + text.slice(at + 1 + Math.floor(this.random() * 3));
  }
}

it.each([1, 2, 3, 4])("never throws anything but a ServiceError, seed %i, 2,000 templates", (seed) => {
  const source = new Source(seed);
  let rendered = 0;
  for (let round = 0; round < 2_000; round++) {
    const text = source.damage(source.template());
    const attempts = [
      () => compileTemplate(text).render(RECORD),
      () => compileCondition(text)(RECORD),
      () => compileSkip(text)(RECORD),
    ];
    for (const attempt of attempts) {
      try {
        attempt();
        rendered++;
      } catch (error) {
        if (!(error instanceof ServiceError))
          throw new Error(`foreign error for ${JSON.stringify(text)}`, { cause: error });
        if (error.code !== "invalid_input") expect(error.code, text).toBe("invalid_input");
      }
    }
  }
  expect(rendered).toBeGreaterThan(500);
});

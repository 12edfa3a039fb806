import { readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import type { Design } from "../../../../engine/data/design/design.ts";
import { fingerprint } from "../../../../engine/data/design/fingerprint.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { canonicalJson, PythonFloat } from "../../../../engine/data/design/python-json.ts";
import { category, text, uniform } from "./build-design.ts";
import original from "./original-fingerprints.json" with { type: "json" };

function read(input: unknown): Design {
  const { design, violations } = parseDesign(input);
  if (design === undefined) throw new Error(JSON.stringify(violations));
  return design;
}

const hash = (input: unknown): string => fingerprint(read(input)).config_hash;

describe("the fingerprint", () => {
  it.each(Object.entries(original.examples))("of %s is the one that the original computes", (file, expected) => {
    const folder = path.resolve(import.meta.dirname, "../../../../seeds/designs");
    expect(hash(readFileSync(path.join(folder, file), "utf8"))).toBe(expected);
  });

  it.each(original.configs.map((row, index) => [index, row] as const))(
    "of every kind of column, model, seed and processor (%i) is the one that the original computes",
    (_index, { config, config_hash }) => {
      expect(fingerprint(read(config))).toEqual({ config_hash, config_hash_algo: "sha256", config_hash_version: 2 });
    },
  );

  const base = {
    columns: [uniform("a"), text("t", "{{ a }}", { model_alias: "m" })],
    model_configs: [
      { alias: "m", model: "x", provider: "p", inference_parameters: { temperature: 0.5 } },
      { alias: "n", model: "y", provider: "p" },
    ],
    tool_configs: [{ tool_alias: "t", providers: ["s"] }],
    seed_config: { source: { seed_type: "hf", path: "d/x.csv" } },
  };

  it.each([
    ["profilers", { profilers: [{ model_alias: "m" }] }],
    ["empty lists", { constraints: [], processors: [], profilers: [] }],
    ["the order of models", { model_configs: base.model_configs.toReversed() }],
    [
      "health checks, concurrency and timeouts",
      {
        model_configs: [
          {
            ...base.model_configs[0],
            skip_health_check: true,
            inference_parameters: { temperature: 0.5, timeout: 9, max_parallel_requests: 64 },
          },
          base.model_configs[1],
        ],
      },
    ],
    ["the time a tool may take", { tool_configs: [{ ...base.tool_configs[0], timeout_sec: 3, allow_tools: [] }] }],
    ["a token", { seed_config: { source: { seed_type: "hf", path: "d/x.csv", token: "t", endpoint: "http://e" } } }],
  ])("does not change with %s", (_what, change) => {
    expect(hash({ ...base, ...change })).toBe(hash(base));
  });

  it.each([
    ["the order of columns", { columns: base.columns.toReversed() }],
    ["a parameter", { columns: [uniform("a", 0, 11), base.columns[1]] }],
    [
      "the temperature",
      { model_configs: [{ ...base.model_configs[0], inference_parameters: {} }, base.model_configs[1]] },
    ],
    ["a constraint", { constraints: [{ target_column: "a", operator: "lt", rhs: 3 }] }],
    ["the seed", { seed_config: { source: { seed_type: "hf", path: "d/y.csv" } } }],
  ])("changes with %s", (_what, change) => {
    expect(hash({ ...base, ...change })).not.toBe(hash(base));
  });

  it("takes weights by their shares", () => {
    const weighted = (weights: readonly number[]): string =>
      hash({ columns: [category("c", ["x", "y"], { params: { values: ["x", "y"], weights } })] });
    expect(weighted([1, 3])).toBe(weighted([2, 6]));
    expect(weighted([1, 3])).not.toBe(weighted([3, 1]));
  });
});

describe("canonical JSON", () => {
  it.each([
    [{ b: 1, a: [true, null, "x"] }, '{"a":[true,null,"x"],"b":1}'],
    [{ "\u{1f600}": 1, "\ue000": 2 }, '{"\\ue000":2,"\\ud83d\\ude00":1}'],
    ["é\u007f\n", '"\\u00e9\\u007f\\n"'],
    [1e21, "1000000000000000000000"],
    [2.5, "2.5"],
    [new PythonFloat(20), "20.0"],
    [new PythonFloat(1e16), "1e+16"],
    [new PythonFloat(1e-7), "1e-07"],
  ])("is what Python writes for %j", (value, expected) => {
    expect(canonicalJson(value)).toBe(expected);
  });
});

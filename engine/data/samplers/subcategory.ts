import { ServiceError } from "../../../lib/errors.ts";
import type { SamplerParams } from "../design/sampler-params.ts";
import type { NumberSampler } from "./sampler.ts";

/** One of the values listed for the row's parent value, all equally likely. */
export function compileSubcategory(params: SamplerParams<"subcategory">): NumberSampler {
  const lists = Object.entries(params.values);
  const all = lists.flatMap(([, values]) => values);
  const isMixed = all.some((value) => typeof value === "string");
  const labels = [...new Set<string | number>(isMixed ? all.map(String) : all)];
  const position = new Map(labels.map((label, index) => [label, index]));
  const positions = new Map(
    lists.map(([parent, values]) => [
      parent,
      Int32Array.from(values, (value) => position.get(isMixed ? String(value) : value) ?? 0),
    ]),
  );
  return {
    output: "label",
    labels,
    bind(drawn) {
      const parent = drawn.get(params.category);
      if (parent?.labels === undefined) {
        throw new ServiceError("invalid_input", `subcategory of "${params.category}": no category column of that name`);
      }
      const choices = parent.labels.map((label) => positions.get(String(label)));
      const codes = parent.numbers;
      return {
        draw(draws, row) {
          const code = codes[row] ?? 0;
          const choice = choices[code];
          if (choice === undefined || choice.length === 0) {
            throw new ServiceError(
              "invalid_input",
              `subcategory of "${params.category}": no values for ${JSON.stringify(parent.labels?.[code])}; values are listed for ${[...positions.keys()].join(", ")}`,
            );
          }
          return choice[draws.nextIndex(choice.length)] ?? 0;
        },
      };
    },
  };
}

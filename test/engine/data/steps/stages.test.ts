import { describe, expect, it } from "vitest";

import { Design, type DesignInput } from "../../../../engine/data/design/design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { stageColumns } from "../../../../engine/data/steps/stages.ts";

const text = (name: string, prompt: string) => ({ column_type: "llm-text", name, prompt, model_alias: "m" }) as const;
const expression = (name: string, expr: string) => ({ column_type: "expression", name, expr }) as const;

function stagesOf(columns: DesignInput["columns"]): string[] {
  const id = { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } } as const;
  return stageColumns(planColumns(Design.parse({ columns: [id, ...columns] }))).map((stage) =>
    stage.kind === "column" ? stage.column.name : `[${stage.columns.map(({ name }) => name).join(" ")}]`,
  );
}

describe("stages of a plan", () => {
  it("put a chain and what is beside it into one block", () => {
    expect(stagesOf([text("a", "{{ id }}"), text("b", "{{ a }}"), text("c", "{{ id }}")])).toEqual(["[a b c]"]);
  });

  it("do what needs no model first, and cut a chain only where something between needs it", () => {
    expect(
      stagesOf([
        text("a", "{{ id }}"),
        expression("of_a", "{{ a }}"),
        text("b", "{{ of_a }}"),
        text("c", "{{ a }}"),
        expression("short", "{{ id[:4] }}"),
        text("d", "{{ c }} {{ short }}"),
      ]),
    ).toEqual(["short", "[a c d]", "of_a", "[b]"]);
  });
});

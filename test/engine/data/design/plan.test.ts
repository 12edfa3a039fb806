import { describe, expect, it } from "vitest";

import { Design } from "../../../../engine/data/design/design.ts";
import { matchesDropPattern } from "../../../../engine/data/design/drops.ts";
import { orderNodes } from "../../../../engine/data/design/graph.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { category, datetime, expression, limit, sampler, text, timedelta, uniform } from "./build-design.ts";

describe("the plan of a design", () => {
  it("generates each column after what it needs, in dataset order where that leaves a choice", () => {
    const plan = planColumns(
      Design.parse({
        columns: [
          expression("late", "{{ total }} {{ note__trace }}"),
          text("note", "About {{ total }}", { with_trace: "all_messages" }),
          expression("total", "{{ a }}", { skip: { when: "{{ b }}" } }),
          timedelta("shipped", "ordered"),
          sampler("s", "subcategory", { category: "c", values: { x: ["1"] } }),
          uniform("a", 0, 1, { conditional_params: { "b > 5": { low: 0, high: 9 } } }),
          uniform("b"),
          datetime("ordered"),
          category("c", ["x"]),
          uniform("z"),
        ],
        constraints: [{ constraint_type: "column_inequality", target_column: "b", operator: "lt", rhs: "z" }],
      }),
    );
    expect(plan.samplers).toEqual(["ordered", "shipped", "c", "s", "z", "b", "a"]);
    expect(plan.order).toEqual([...plan.samplers, "total", "note", "late"]);
    expect(plan.groups.map((group) => group.kind)).toEqual(["samplers", "column", "column", "column"]);
    expect(plan.upstream.get("total")).toEqual(["a", "b"]);
    expect(plan.upstream.get("late")).toEqual(["total", "note"]);
    expect(plan.output.slice(0, 3)).toEqual(["late", "note", "note__trace"]);
    expect(plan.violations).toEqual([]);
  });

  it("puts seed columns first and takes dropped ones out by name, by pattern and by flag", () => {
    const plan = planColumns(
      Design.parse({
        columns: [uniform("tmp_a"), uniform("b", 0, 1, { drop: true }), expression("c", "{{ city }}")],
        seed_config: { source: { seed_type: "local", path: "x.csv" } },
        processors: [{ processor_type: "drop_columns", name: "d", column_names: ["tmp_*", "zip"] }],
      }),
      { seedColumns: ["city", "zip"] },
    );
    expect(plan.groups[0]).toEqual({ kind: "seed", columns: ["city", "zip"] });
    expect(plan.dropped).toEqual(["zip", "tmp_a", "b"]);
    expect(plan.output).toEqual(["city", "c"]);
  });

  it("adds a hidden row id when nothing else makes rows, and only then", () => {
    const plan = planColumns(Design.parse({ columns: [text("a", "Write")] }));
    expect(plan.samplers).toEqual(["_internal_row_id"]);
    expect(plan.hidden.map((column) => column.sampler_type)).toEqual(["uuid"]);
    expect(plan.output).toEqual(["a"]);
    expect(planColumns(Design.parse({ columns: [uniform("a")] })).hidden).toEqual([]);
  });

  it("names each circle step by step and still lists every column once", () => {
    const plan = planColumns(
      Design.parse({
        columns: [
          uniform("u"),
          expression("a", "{{ b }}"),
          expression("b", "{{ c }}"),
          expression("c", "{{ a }}"),
          expression("after", "{{ a }}"),
          expression("x", "{{ y }}"),
          expression("y", "{{ x }} {{ u }}"),
        ],
      }),
    );
    expect(plan.violations.map((violation) => violation.message)).toEqual([
      'columns need each other in a circle, a → b → c → a: "a" needs "b" for its expression; "b" needs "c" for its expression; "c" needs "a" for its expression',
      expect.stringContaining("x → y → x"),
    ]);
    expect(plan.order.toSorted()).toEqual(["a", "after", "b", "c", "u", "x", "y"]);
  });

  it("leaves a constraint on a missing column to validation", () => {
    const design = Design.parse({ columns: [uniform("a")], constraints: [limit("a", "lt", "q")] });
    expect(planColumns(design).order).toEqual(["a"]);
  });
});

describe("ordering", () => {
  it("walks a chain of 20,000 nodes without running out of stack", () => {
    const nodes = Array.from({ length: 20_000 }, (_, index) => `n${index}`);
    const edges = nodes.slice(1).map((to, index) => ({ from: nodes[index] ?? "", to, why: "x" }));
    expect(orderNodes(nodes, edges).order[0]).toBe("n19999");
    const closed = orderNodes(nodes, [...edges, { from: "n19999", to: "n0", why: "x" }]);
    expect(closed.cycles.map((cycle) => cycle.length)).toEqual([20_000]);
  });
});

describe("a drop pattern", () => {
  it.each([
    ["a*", "abc", true],
    ["*c", "abc", true],
    ["a*c", "ac", true],
    ["a*b*c", "a_b_c", true],
    ["*", "", true],
    ["a*a", "a", false],
    ["a*b*b", "ab", false],
    ["abc", "abcd", false],
  ])("%s on %s: %s", (pattern, name, expected) => {
    expect(matchesDropPattern(pattern, name)).toBe(expected);
  });
});

import { describe, expect, it } from "vitest";

import { Design } from "../../../../engine/data/design/design.ts";
import { nearestName } from "../../../../engine/data/design/nearest.ts";

describe("a design", () => {
  it("has every default filled in, and reads back as it was written", () => {
    const design = Design.parse({
      columns: [{ column_type: "sampler", name: "lo", sampler_type: "uniform", params: { low: 0, high: 10 } }],
    });
    expect(design.columns[0]).toEqual({
      column_type: "sampler",
      name: "lo",
      drop: false,
      skip: null,
      propagate_skip: true,
      sampler_type: "uniform",
      params: { sampler_type: "uniform", low: 0, high: 10, decimal_places: null },
      conditional_params: {},
      convert_to: null,
    });
    expect(Design.parse(JSON.parse(JSON.stringify(design)))).toEqual(design);
  });
});

describe("the nearest name", () => {
  it("is the one a typo meant, and none for another word", () => {
    expect(nearestName("order dat", ["ship_date", "order_date", "total"])).toBe("order_date");
    expect(nearestName("prcie", ["price", "prize"])).toBe("price");
    expect(nearestName("customer", ["price", "total"])).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { WireAssessment } from "../../../cli/wire.ts";
import { AssessmentFields, FindingFields } from "../../../engine/gpu/assessment-fields.ts";
import { AssessmentResult, FindingResult } from "../../../graphs/gpu-ops/results.ts";
import { AssessmentWire, FindingWire } from "../../../tools/gpu/wire.ts";

const sparse = { verdict: "hardware_fault", severity: "critical", findings: [{ rule: "xid.79" }] };

describe("an assessment of another version", () => {
  const verdict = AssessmentWire.shape.verdict.options[0];

  it("is read by the graph with empty values for what is missing or of another kind", () => {
    const read = AssessmentResult.parse({ ...sparse, verdict, primary: 7, gpus: "all" });
    expect(read).toEqual({
      verdict,
      severity: "critical",
      summary: "",
      root_cause: "",
      primary: null,
      actions: [],
      forbidden_actions: [],
      findings: [expect.objectContaining({ rule: "xid.79", component: "", gpu: null, severity: "info", count: 1 })],
      uncertainties: [],
      gpus: [],
      simulated: false,
    });
    expect(FindingResult.parse({ component: "a part of later years" }).component).toBe("a part of later years");
  });

  it("shares no list with what was read before", () => {
    expect(FindingResult.parse({}).evidence).not.toBe(FindingResult.parse({}).evidence);
  });

  it("is passed on by the commands with fields and words that they do not know", () => {
    const further = {
      verdict: "of_later_years",
      severity: "critical",
      summary: "s",
      root_cause: "r",
      actions: ["OF_LATER_YEARS"],
      findings: [{ rule: "r", severity: "x", action: "y", evidence: [], later: 1 }],
      later: true,
    };
    expect(WireAssessment.parse(further)).toEqual({ ...further, uncertainties: [] });
  });

  it("is written with the words of the vocabulary only, and a description on each field", () => {
    expect(AssessmentWire.shape.verdict.safeParse("of_later_years").success).toBe(false);
    for (const [base, written] of [
      [AssessmentFields, AssessmentWire],
      [FindingFields, FindingWire],
    ] as const) {
      const described = (schema: z.ZodObject): [string, string | undefined][] =>
        Object.entries(schema.shape).map(([name, field]) => [name, (field as z.ZodType).description]);
      expect(described(written)).toEqual(described(base));
      for (const [, description] of described(written)) expect(description).toMatch(/\S/);
    }
  });
});

import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { assess } from "../../../../engine/gpu/assess/assess.ts";
import { parseDiagJson } from "../../../../engine/gpu/readings/diag-json.ts";
import { parseMetrics } from "../../../../engine/gpu/readings/metrics.ts";
import { parseSmiText } from "../../../../engine/gpu/readings/smi-text.ts";
import { parseSmiXml } from "../../../../engine/gpu/readings/smi-xml.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/gpu/${name}`, import.meta.url), "utf8");
}

// Origins of the recorded files: test/fixtures/gpu/README.md.
it.each([
  ["tesla-t4-v11.xml", parseSmiXml],
  ["a100-sxm4-mig-v12.xml", parseSmiXml],
  ["rtx-pro-6000-v13.xml", parseSmiXml],
  ["h100-sxm-q.txt", parseSmiText],
  ["dcgm-l40s.prom", parseMetrics],
])("finds the real machine of %s healthy", (name, parse) => {
  expect(assess({ reading: parse(fixture(name)) })).toMatchObject({ verdict: "healthy", actions: ["NONE"] });
});

it.each([
  ["h100-lost-v12.xml", parseSmiXml, "gpu_failed", "REBOOT_NODE"],
  ["h100-remap-v13.xml", parseSmiXml, "gpu_failed", "RMA_REVIEW"],
  ["legacy-v100-v10.xml", parseSmiXml, "gpu_degraded", "DRAIN_RESET"],
  ["dcgm-faults.prom", parseMetrics, "gpu_failed", "RMA_REVIEW"],
])("finds the fault that is written into %s", (name, parse, verdict, action) => {
  const answer = assess({ reading: parse(fixture(name)) });
  expect([answer.verdict, answer.actions[0]]).toEqual([verdict, action]);
});

it("takes persistence mode off on every GPU of a real DCGM run for a setting", () => {
  const answer = assess({ diagReport: parseDiagJson(fixture("dcgm4-persistence-mode.json")) });
  expect(answer).toMatchObject({ verdict: "driver", severity: "warning", gpus: [0, 1, 2, 3, 4, 5, 6, 7] });
});

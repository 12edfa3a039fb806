import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { resultFromReport } from "../../../../engine/gpu/diagnostics/from-report.ts";
import { parseNvlinkText } from "../../../../engine/gpu/diagnostics/nvlink-text.ts";
import { diagnosticSeconds, needsDcgm, planDcgmDiag } from "../../../../engine/gpu/diagnostics/plan.ts";
import { type DiagReport, parseDiagJson, type DiagStatus } from "../../../../engine/gpu/readings/diag-json.ts";

const REQUEST = { test: "memory_stress", gpu: 1, mode: "quick", durationSeconds: 61, ranAs: "dcgmi diag" } as const;

type Row = [test: string, gpu: number | undefined, status: DiagStatus];

function report(...rows: Row[]): DiagReport {
  return {
    results: rows.map(([test, gpu, status]) => ({ test, gpu, status, warnings: [], info: [] })),
  };
}

describe("planDcgmDiag", () => {
  it("shares the time of a mode among the tests that take one", () => {
    expect(planDcgmDiag("compute_stress", "full", 3)).toEqual({
      args: [
        "diag",
        "-r",
        "diagnostic,targeted_stress",
        "-i",
        "3",
        "-j",
        "-p",
        "diagnostic.test_duration=300;targeted_stress.test_duration=300",
        "--timeout",
        "1320",
      ],
      timeoutMs: 1_330_000,
    });
  });

  it("has no parameters for tests of a fixed length", () => {
    expect(planDcgmDiag("pcie_bandwidth", "quick", 0).args).not.toContain("-p");
  });

  it("needs DCGM for everything but a quick link check", () => {
    expect(needsDcgm("nvlink_check", "quick")).toBe(false);
    expect(needsDcgm("nvlink_check", "full")).toBe(true);
    expect(needsDcgm("thermal_profile", "quick")).toBe(true);
    expect(diagnosticSeconds("thermal_profile", "quick")).toBe(180);
  });
});

describe("resultFromReport", () => {
  it("passes only when a test passed and none failed or warned", () => {
    const outcome = (...rows: Row[]): string => resultFromReport(report(...rows), REQUEST).outcome;
    expect(outcome(["memory", 1, "pass"], ["memtest", 1, "skip"])).toBe("pass");
    expect(outcome(["memory", 1, "pass"], ["memtest", 1, "warn"])).toBe("warn");
    expect(outcome(["memory", 1, "warn"], ["memtest", 1, "fail"])).toBe("fail");
    expect(outcome(["memory", 1, "skip"], ["memtest", 1, "not_run"])).toBe("skipped");
    expect(outcome(["memory", 0, "pass"])).toBe("unavailable");
    expect(outcome(["pcie", 1, "pass"])).toBe("unavailable");
    expect(outcome(["Memory", undefined, "pass"])).toBe("pass");
  });

  it("gives the reason of a run that failed as a whole", () => {
    const result = resultFromReport({ results: [], runtimeError: "host engine went away" }, REQUEST);
    expect(result).toMatchObject({ outcome: "unavailable", details: {} });
    expect(result.conclusion).toContain("host engine went away");
  });

  it("quotes three warnings and counts the others", () => {
    const warnings = ["a", "b", "c", "d", "e"].map((message) => ({ message }));
    const result = resultFromReport(
      { results: [{ test: "memtest", gpu: 1, status: "fail", warnings, info: [] }] },
      REQUEST,
    );
    expect(result.conclusion).toBe("DCGM: memtest fail. a; b; c (and 2 more)");
  });

  it("says nothing on a test that a recorded report does not have", () => {
    const recorded = parseDiagJson(readFileSync("test/fixtures/gpu/dcgm4-persistence-mode.json", "utf8"));
    expect(resultFromReport(recorded, REQUEST)).toMatchObject({ outcome: "unavailable", isSimulated: false });
  });
});

describe("parseNvlinkText", () => {
  it("joins states and errors by GPU and link", () => {
    const text = [
      "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-8ec5f7eb-55e0-5601-9283-7e2625737b9a)",
      "\t Link 0: 25 GB/s",
      "\t Link 1: <inactive>",
      "GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-8ec5f7eb-55e0-5601-9283-7e2625737b9b)",
      "\t Link 0: 25.781 GB/s",
      "GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-8ec5f7eb-55e0-5601-9283-7e2625737b9a)",
      "\t Link 0: Replay Errors: 4",
      "\t Link 0: Recovery Errors: 0",
      "\t Link 0: CRC Errors: 17",
    ].join("\r\n");
    expect(parseNvlinkText(text)).toEqual(
      new Map([
        [
          0,
          [
            { link: 0, isActive: true, speedGbPerSecond: 25, replayErrors: 4, recoveryErrors: 0, crcErrors: 17 },
            { link: 1, isActive: false },
          ],
        ],
        [1, [{ link: 0, isActive: true, speedGbPerSecond: 25.781 }]],
      ]),
    );
  });

  it.each(["", "NVML: Unable to retrieve NVLink information as all links are inActive", "Link 0: 25 GB/s"])(
    "answers nothing for %j",
    (text) => {
      expect(parseNvlinkText(text).size).toBe(0);
    },
  );
});

import { describe, expect, it } from "vitest";

import { DiagReport, parseDiagJson } from "../../../../engine/gpu/readings/diag-json.ts";
import { failureOf, fixture } from "./fixture.ts";

describe("dcgmi diag -j", () => {
  it("reads DCGM 4 output of a real node: one row per GPU with error id, category and severity", () => {
    const report = parseDiagJson(fixture("dcgm4-persistence-mode.json"));
    expect(DiagReport.parse(report)).toEqual(report);
    expect(report.results).toHaveLength(8);
    expect(report.results[5]).toEqual({
      test: "software",
      category: "Deployment",
      gpu: 5,
      entityGroup: "GPU",
      status: "fail",
      warnings: [
        { message: "Persistence Mode: Persistence mode for GPU 5 is disabled.", errorId: 29, category: 8, severity: 5 },
      ],
      info: [],
    });
  });

  it("reads DCGM 3 output behind a warning line, with null entries and upper-case statuses", () => {
    const report = parseDiagJson(fixture("dcgm3-level1.json.txt"));
    expect(report).toMatchObject({ dcgmVersion: "3.3.9", driverVersion: "535.104.05" });
    expect(report.results.map((row) => [row.test, row.gpu, row.status])).toEqual([
      ...[0, 1, 2, 3].map((gpu) => ["Denylist", gpu, "pass"]),
      ["Page Retirement/Row Remap", 2, "fail"],
      ["PCIe", 0, "pass"],
      ["PCIe", 1, "skip"],
      ["GPU Memory", 3, "warn"],
    ]);
    expect(report.results[4]?.warnings[0]?.message).toContain("row remapping failed");
    expect(report.results[7]?.warnings).toEqual([{ message: "slow" }, { message: "hot" }]);
    expect(report.results[5]?.info).toEqual(["GPU to Host bandwidth: 24.1 GB/s"]);
  });

  it("keeps a runtime error, a CPU result and a test with a summary only", () => {
    const report = parseDiagJson(
      JSON.stringify({
        "DCGM Diagnostic": {
          runtime_error: "hostengine died",
          tests: [
            { name: "cpu_eud", results: [{ entity_group: "CPU", entity_id: 0, status: "Pass" }] },
            { name: "pcie", test_summary: { status: "Skip", info: ["not for this part"] } },
          ],
        },
        metadata: { version: "4.2.3", "Driver Version Detected": "580.82.09" },
      }),
    );
    expect(report).toEqual({
      dcgmVersion: "4.2.3",
      driverVersion: "580.82.09",
      runtimeError: "hostengine died",
      results: [
        { test: "cpu_eud", entityGroup: "CPU", status: "pass", warnings: [], info: [] },
        { test: "pcie", status: "skip", warnings: [], info: ["not for this part"] },
      ],
    });
  });

  it("reads nothing as a report without results", () => {
    expect(parseDiagJson(" \n")).toEqual({ results: [] });
  });

  it.each([
    ["text", "Error: unable to connect", "no JSON object"],
    ["a cut document", 'warning\n{"DCGM Diagnostic": {"tests": [}', "begins at line 2"],
    ["another document", '{"a": 1}', "no DCGM diagnostic result"],
  ])("refuses %s", (_, text, reason) => {
    expect(failureOf(() => parseDiagJson(text))).toEqual({
      code: "unreadable_input",
      message: expect.stringContaining(reason) as string,
    });
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createSimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import { createFileSource } from "../../../../tools/gpu/telemetry/file.ts";
import { createStandIns, type StandIns } from "./stand-ins.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
const FIXTURES = "test/fixtures/gpu";
const signal = new AbortController().signal;
const node = createSimulatedNode({ seed: 7, scenario: "ecc_errors", nowMs: NOW_MS });

let standIns: StandIns;
beforeEach(() => {
  standIns = createStandIns();
});
afterEach(() => standIns.remove());

describe("the file source", () => {
  it("joins the recorded views of one node", async () => {
    const source = createFileSource({
      smiXml: standIns.write("smi.xml", node.smiXml()),
      metrics: standIns.write("metrics.prom", node.metricsText()),
      kernelLog: standIns.write("kern.log", node.kernelLog()),
    });
    const reading = await source.readNode({ signal });
    expect(reading).toMatchObject({ origin: "file", isSimulated: false, problems: [] });
    expect(reading.gpus).toHaveLength(4);
    // The flag is in the XML, the gauge in the metrics.
    expect(reading.gpus[node.faultyGpu]).toMatchObject({ isRemapPending: true, lastXid: 45 });
    const { events } = await source.readEvents({ signal });
    expect(events.flatMap((event) => (event.kind === "xid" ? [event.xid] : []))).toEqual([48, 63, 94, 45]);
  });

  it("reads a recorded text dump of a real machine", async () => {
    const source = createFileSource({ smiText: `${FIXTURES}/h100-sxm-q.txt` });
    const reading = await source.readNode({ signal });
    expect(reading.problems).toEqual([]);
    expect(reading.gpus[0]?.name).toBe("NVIDIA H100 80GB HBM3");
  });

  it("reads the files anew each time", async () => {
    const source = createFileSource({ kernelLog: standIns.write("kern.log", "") });
    expect((await source.readEvents({ signal })).events).toEqual([]);
    standIns.write("kern.log", node.kernelLog());
    expect((await source.readEvents({ signal })).events.length).toBeGreaterThan(3);
  });

  it("names each file that is missing or unreadable and still uses the others", async () => {
    const source = createFileSource({
      smiXml: standIns.write("smi.xml", node.smiXml().slice(0, 5_000)),
      smiText: standIns.at("gone.txt"),
      metrics: standIns.write("metrics.prom", node.metricsText()),
      kernelLog: standIns.folder,
    });
    const reading = await source.readNode({ signal });
    expect(reading.gpus).toHaveLength(4);
    expect(reading.problems.map((problem) => problem.kind)).toEqual(["unreadable", "unreadable", "unreadable"]);
    expect(reading.problems[0]?.message).toContain(standIns.at("smi.xml"));
    expect(reading.problems[1]?.message).toMatch(/gone\.txt.*ENOENT/);
    expect(reading.problems[2]?.message).toContain("not a file");
  });

  it("answers empty files with an empty reading", async () => {
    const source = createFileSource({
      smiXml: standIns.write("smi.xml", ""),
      kernelLog: standIns.write("kern.log", ""),
    });
    expect(await source.readNode({ signal })).toMatchObject({ gpus: [], problems: [] });
  });

  it("answers diagnostics from a recorded report and runs none", async () => {
    const report = {
      "DCGM GPU Diagnostic": {
        test_categories: [
          {
            category: "Stress",
            tests: [
              {
                name: "Targeted Stress",
                results: [
                  { gpu_ids: "0", status: "PASS" },
                  { gpu_ids: "1", status: "FAIL", warnings: "GPU 1 too slow" },
                ],
              },
            ],
          },
        ],
      },
    };
    const file = standIns.write("diag.json", JSON.stringify(report));
    const source = createFileSource({ diagJson: file });
    const run = (gpu: number, test: "compute_stress" | "memory_stress") =>
      source.runDiagnostic({ test, gpu, mode: "quick" }, { signal });
    expect(await run(0, "compute_stress")).toMatchObject({ outcome: "pass", ranAs: `recorded in ${file}` });
    expect(await run(1, "compute_stress")).toMatchObject({
      outcome: "fail",
      conclusion: expect.stringContaining("GPU 1 too slow"),
      isSimulated: false,
    });
    expect(await run(0, "memory_stress")).toMatchObject({ outcome: "unavailable", details: {} });
    expect((await source.readDiagReport?.({ signal }))?.results).toHaveLength(2);
  });

  it("says what would be needed for a diagnostic when no report is recorded", async () => {
    const source = createFileSource({ kernelLog: standIns.write("kern.log", "") });
    const result = await source.runDiagnostic({ test: "nvlink_check", gpu: 0, mode: "quick" }, { signal });
    expect(result).toMatchObject({ outcome: "unavailable", conclusion: expect.stringContaining("GPU_FILE_DIAG_JSON") });
    expect(await source.readDiagReport?.({ signal })).toBeUndefined();
  });

  it("refuses a report that is none", async () => {
    const source = createFileSource({ diagJson: standIns.write("diag.json", "hello") });
    await expect(
      source.runDiagnostic({ test: "nvlink_check", gpu: 0, mode: "quick" }, { signal }),
    ).rejects.toMatchObject({
      code: "unreadable_input",
    });
  });

  it("has one node", async () => {
    const source = createFileSource({ smiXml: standIns.write("smi.xml", "") });
    expect(await source.listNodes(signal)).toEqual([{ id: "recorded", hostname: "recorded" }]);
    await expect(source.readNode({ node: "gpu-node-001", signal })).rejects.toMatchObject({ code: "node_not_found" });
  });
});

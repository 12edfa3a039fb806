import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import type { Row } from "../../engine/data/table-rows.ts";
import { parseLog } from "../../engine/gpu/log/parse-log.ts";
import { parseMetricsCounted } from "../../engine/gpu/readings/metrics.ts";
import { type Triage, triage } from "../../engine/gpu/triage.ts";
import { generateRows } from "../engine/data/brief/lexicon/generate-rows.ts";

async function rowsOf(name: string, rowCount: number): Promise<readonly Row[]> {
  const source = await readFile(new URL(`../../seeds/designs/${name}.yaml`, import.meta.url), "utf8");
  const { violations, rows, failures } = await generateRows(source, rowCount);
  expect(violations).toEqual([]);
  expect(failures).toEqual([]);
  expect(rows).toHaveLength(rowCount);
  return rows;
}

function text(row: Row | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value !== "string") throw new Error(`${name} is no text`);
  return value;
}

const texts = (rows: readonly Row[], name: string): string[] => rows.map((row) => text(row, name));
const jsonLines = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const triageLog = (text: string): Triage => triage({ log: parseLog(text) });
const rulesOf = ({ assessment }: Triage): Set<string> => new Set(assessment.findings.map(({ rule }) => rule));

describe("the GPU incident design", async () => {
  const rows = await rowsOf("gpu-incidents", 3_000);
  const ofXid = (xid: number): Row[] => rows.filter((row) => row["xid"] === xid);

  it("gives rows that are a kernel log as journalctl prints it in JSON", () => {
    const log = parseLog(jsonLines(rows));
    expect(log.skippedLines).toBe(0);
    expect(log.hosts.toSorted()).toEqual(["gpu-node-001", "gpu-node-002", "gpu-node-003", "gpu-node-004"]);
    const wanted = rows.filter((row) => row["xid"] !== 0);
    const read = log.events.map((event) => {
      if (event.kind !== "xid") throw new Error(`a ${event.kind} where only XIDs are`);
      return { xid: event.xid, pci: event.pci, time: event.atMs, host: event.host };
    });
    expect(read).toEqual(
      wanted.map((row) => ({
        xid: row["xid"],
        pci: `${text(row, "pci")}.0`,
        time: Date.parse(text(row, "time")),
        host: row["_HOSTNAME"],
      })),
    );
  });

  it("gives the same records in the text column", () => {
    const strip = (log: string): unknown =>
      parseLog(log).events.map((event) => ({ ...event, raw: undefined, text: undefined }));
    expect(strip(texts(rows, "line").join("\n"))).toEqual(strip(jsonLines(rows)));
  });

  it("finds nothing in everyday lines", () => {
    const { assessment } = triageLog(jsonLines(ofXid(0)));
    expect(assessment).toMatchObject({ verdict: "healthy", findings: [], actions: ["NONE"] });
  });

  it.each([
    [13, "app", "CHECK_APP"],
    [31, "app", "CHECK_APP"],
    [79, "gpu_failed", "REBOOT_NODE"],
    [119, "gpu_degraded", "RESET_GPU"],
  ])("leads from a line with XID %i to the verdict %s", (xid, verdict, action) => {
    const [line = ""] = texts(ofXid(xid), "line");
    const found = triageLog(line);
    expect(found.assessment).toMatchObject({ verdict, primary: `xid.${xid}` });
    expect(found.assessment.actions[0]).toBe(action);
  });

  it.each([48, 63, 74, 94])("leads from a line with XID %i to a finding about that GPU", (xid) => {
    const [row] = ofXid(xid);
    const found = triageLog(text(row, "line"));
    expect([...rulesOf(found)].join()).toMatch(new RegExp(`xid\\.${xid}`));
    expect(found.assessment.verdict).not.toBe("healthy");
  });

  it("lets a node with program errors only keep its hardware", () => {
    const node = rows.filter((row) => row["_HOSTNAME"] === "gpu-node-004");
    expect(new Set(node.map((row) => row["xid"]))).toEqual(new Set([0, 13, 31]));
    expect(triageLog(jsonLines(node)).assessment.verdict).toBe("app");
  });
});

describe("the GPU telemetry design", async () => {
  const rows = await rowsOf("gpu-telemetry", 600);
  const ofState = (state: string): Row[] => rows.filter((row) => row["state"] === state);

  it("gives metrics text in which the latest reading of each GPU counts", () => {
    const { reading, skippedLines } = parseMetricsCounted(texts(rows, "metrics").join("\n"));
    expect(skippedLines).toBe(0);
    expect(reading.hostname).toBe("gpu-node-001");
    expect(reading.gpus.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const gpu of reading.gpus) {
      const own = rows.filter((row) => row["gpu"] === gpu.index);
      const latest = own.reduce((last, row) => (text(row, "time") > text(last, "time") ? row : last));
      expect(gpu).toMatchObject({
        name: "NVIDIA A100-SXM4-80GB",
        uuid: latest["uuid"],
        temperatureC: latest["temperature_c"],
        powerDrawW: latest["power_w"],
        utilizationPct: latest["utilization_pct"],
        memoryUsedMib: latest["memory_used_mib"],
        memoryTotalMib: 81_920,
        throttleMask: latest["throttle_mask"],
        pcieWidth: latest["pcie_width"],
      });
    }
  });

  it("finds nothing in healthy rows", () => {
    const odd = texts(ofState("healthy"), "metrics").filter((metrics) => {
      const { assessment } = triage({ metrics });
      return assessment.verdict !== "healthy";
    });
    expect(odd).toEqual([]);
  });

  it.each([
    ["overheating", "thermal.over_temperature"],
    ["memory_error", "memory.uncorrected_errors"],
    ["pcie_degraded", "pcie.narrow_link"],
  ])("leads from each row that is %s to %s", (state, rule) => {
    const metrics = texts(ofState(state), "metrics");
    expect(metrics.length).toBeGreaterThan(5);
    for (const scrape of metrics) {
      const found = triage({ metrics: scrape });
      expect([...rulesOf(found)]).toContain(rule);
      expect(found.assessment.verdict).not.toBe("healthy");
    }
  });
});

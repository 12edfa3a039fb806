import { describe, expect, it } from "vitest";

import { parseLog } from "../../../engine/gpu/log/parse-log.ts";
import { triage } from "../../../engine/gpu/triage.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { failureOf, fixture } from "./readings/fixture.ts";

describe("triage", () => {
  it("finds nothing wrong where there is nothing to look at", () => {
    for (const input of [{}, { smiXml: "", smiText: "", metrics: "", diagJson: "", log: parseLog("") }]) {
      expect(triage(input)).toMatchObject({
        assessment: { verdict: "healthy", actions: ["NONE"], findings: [] },
        reading: { gpus: [] },
        skippedLines: 0,
      });
    }
  });

  it("reads XML first and lets metrics fill what it does not say", () => {
    const metrics =
      'DCGM_FI_DEV_GPU_TEMP{gpu="0",pci_bus_id="00000000:00:1E.0"} 99\nDCGM_EXP_XID_ERRORS_COUNT{gpu="0",xid="79"} 1\n';
    const { reading } = triage({ smiXml: fixture("tesla-t4-v11.xml"), metrics });
    expect(reading.gpus).toEqual([expect.objectContaining({ temperatureC: 40, windowedXids: { "79": 1 } })]);
  });

  it("adds the lines that the log and the metrics could not give", () => {
    const log = { ...parseLog("nothing\n"), skippedLines: 3 };
    expect(triage({ metrics: fixture("dcgm-faults.prom"), log }).skippedLines).toBe(5);
  });

  it("says that a node whose driver does not answer is not healthy", () => {
    const { assessment } = triage({ smiXml: "Failed to initialize NVML: Driver/library version mismatch\n" });
    expect(assessment.verdict).toBe("driver");
  });

  it("refuses the whole input for one part that cannot be read", () => {
    const failure = failureOf(() => triage({ smiXml: "<nvidia_smi_log>", metrics: fixture("dcgm-l40s.prom") }));
    expect(failure.code).toBe("unreadable_input");
  });

  it("either reads or refuses a dump cut or damaged anywhere, and never breaks", () => {
    const xml = fixture("h100-remap-v13.xml");
    const diagJson = fixture("dcgm3-level1.json.txt");
    for (let at = 0; at < xml.length; at += 211) {
      const damaged = `${xml.slice(0, at)}\u001f<${xml.slice(at + 3)}`;
      for (const input of [
        { smiXml: xml.slice(0, at) },
        { smiXml: damaged },
        { smiText: fixture("h100-sxm-q.txt").slice(at) },
        { metrics: fixture("dcgm-faults.prom").slice(at) },
        { diagJson: diagJson.slice(0, at) },
      ]) {
        try {
          triage(input);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
      }
    }
  });
});

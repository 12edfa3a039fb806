import { describe, expect, it } from "vitest";

import { assess } from "../../../../engine/gpu/assess/assess.ts";
import { gpuHealthStatus } from "../../../../engine/gpu/assess/health-status.ts";
import { nodeWith } from "../checks/reading.ts";
import { by, GPU_A, GPU_B, NOBODY, OFF_THE_BUS, triage, xid } from "./triage.ts";

describe("the status of a GPU", () => {
  it("is healthy without findings and with remarks", () => {
    const { findings } = assess({ reading: nodeWith({ memoryUsedMib: 80_000 }) });
    expect(gpuHealthStatus(findings, 0)).toEqual({ status: "healthy", issues: ["Memory is 98.1 % full"] });
    expect(gpuHealthStatus(findings, 1)).toEqual({ status: "healthy", issues: [] });
  });

  it("is that of its worst finding, which comes first", () => {
    const { findings } = assess({ reading: nodeWith({ pcieWidth: 8, isRemapFailed: true }) });
    const { status, issues } = gpuHealthStatus(findings, 0);
    expect(status).toBe("critical");
    expect(issues).toEqual(["A row remap failed: no spare row was left", "PCIe link runs at x8, expected x16"]);
  });

  it("is a warning at most where another GPU is the cause", () => {
    const { findings } = triage([xid(1000, GPU_A, 79, OFF_THE_BUS), xid(1001, GPU_B, 74, NOBODY)], {
      reading: nodeWith({}),
    });
    expect(gpuHealthStatus(findings, 0).status).toBe("critical");
    const peer = gpuHealthStatus(findings, 1);
    expect(peer.status).toBe("warning");
    expect(peer.issues[0]).toMatch(/\(follows xid\.79\)$/);
  });

  it("leaves numbers without a threshold out", () => {
    const { findings } = assess({ reading: nodeWith({ pcieReplayCount: 12 }) });
    expect(findings).toHaveLength(1);
    expect(gpuHealthStatus(findings, 0)).toEqual({ status: "healthy", issues: [] });
  });

  it("is healthy where an application ended", () => {
    const { findings } = triage([xid(1000, GPU_A, 43, by(7, "train"))], { reading: nodeWith({}) });
    expect(gpuHealthStatus(findings, 0).status).toBe("healthy");
  });
});

import { afterEach, describe, expect, it } from "vitest";

import type { GpuHealthReport } from "../../../tools/gpu/health-report.ts";
import type { AssessmentWire } from "../../../tools/gpu/wire.ts";
import { fixedSource, type GpuTools, openGpuTools } from "./support/open-gpu-tools.ts";

let tools: GpuTools | undefined;
afterEach(() => tools?.close());

async function simulate(scenario: string, more: Readonly<Record<string, string>> = {}): Promise<GpuTools> {
  tools = await openGpuTools({ settings: { SIM_SCENARIO: scenario, ...more } });
  return tools;
}

function reportsOf(health: Record<string, unknown>): GpuHealthReport[] {
  // The output schema of the tool has checked them.
  return health["gpus"] as GpuHealthReport[];
}

describe("gpu_health_check", () => {
  it("reports every GPU of a healthy node with the compatible fields and nothing to do", async () => {
    const { call } = await simulate("healthy");
    const health = await call("gpu_health_check");
    expect(health).toMatchObject({
      simulated: true,
      summary: {
        total_gpus: 4,
        healthy: 4,
        warnings: 0,
        critical: 0,
        overall_status: "healthy",
        action_required: false,
      },
      assessment: { verdict: "healthy", actions: ["NONE"], simulated: true },
      node: { origin: "simulated" },
    });
    const [first] = reportsOf(health);
    expect(first).toMatchObject({ gpu_id: 0, status: "healthy", issues: [], xid_errors: [], ecc_double_bit_errors: 0 });
    expect(first?.temperature_c).toBeGreaterThan(10);
    expect(first?.memory_total_gb).toBeGreaterThan(10);
    expect(first?.timestamp).toBe(Date.UTC(2026, 0, 15, 12) / 1_000);
  });

  it("shows the faulty GPU, its XIDs and the verdict, and the same for that GPU alone", async () => {
    const { call } = await simulate("ecc_errors");
    const health = await call("gpu_health_check");
    const sick = reportsOf(health).filter((gpu) => gpu.status !== "healthy");
    expect(sick).toHaveLength(1);
    expect(sick[0]?.xid_errors).toEqual(expect.arrayContaining([48, 63]));
    expect(sick[0]?.issues.length).toBeGreaterThan(0);
    expect(health["assessment"]).toMatchObject({ actions: expect.arrayContaining(["DRAIN_RESET"]) as string[] });
    expect(health["summary"]).toMatchObject({ total_gpus: 4, action_required: true });

    const alone = await call("gpu_health_check", { gpu_id: sick[0]?.gpu_id ?? -1 });
    expect(reportsOf(alone)).toEqual(sick);
    expect(alone["summary"]).toMatchObject({ total_gpus: 1, healthy: 0 });
  });

  it("counts a lost GPU, which no reading shows any more", async () => {
    const { call } = await simulate("gpu_fallen_off_bus");
    const health = await call("gpu_health_check");
    expect(health["assessment"]).toMatchObject({ verdict: "gpu_failed", severity: "critical" });
    expect(health["summary"]).toMatchObject({ overall_status: "critical", action_required: true });
  });

  it("gives null, not 0, for what the GPU does not report", async () => {
    const gpu = { index: 0, uuid: "GPU-1", name: "NVIDIA H100", memoryTotalMib: 81_559 };
    const reading = { origin: "file" as const, isSimulated: false, gpus: [gpu], problems: [] };
    tools = await openGpuTools({ telemetry: fixedSource(reading) });
    const health = await tools.call("gpu_health_check");
    expect(health["simulated"]).toBe(false);
    expect(reportsOf(health)[0]).toMatchObject({
      memory_total_gb: 79.65,
      memory_used_gb: null,
      temperature_c: null,
      utilization_pct: null,
      ecc_single_bit_errors: null,
      fan_speed_pct: null,
      pcie_width: null,
      timestamp: null,
    });
  });

  it("names the valid ids for a GPU that does not exist, and the nodes for an unknown node", async () => {
    const { fail } = await simulate("healthy");
    const noGpu = await fail("gpu_health_check", { gpu_id: 4 });
    expect(noGpu).toMatchObject({ code: "gpu_not_found", available_gpus: [0, 1, 2, 3] });
    expect(noGpu["error"]).toMatch(/no GPU 4 on node .*: valid ids are 0, 1, 2, 3/);
    expect(await fail("gpu_health_check", { gpu_id: -1 })).toMatchObject({ code: "invalid_input" });
    expect(await fail("gpu_health_check", { node: "nowhere" })).toMatchObject({ code: "node_not_found" });
  });
});

describe("list_gpus", () => {
  it("agrees with the health check", async () => {
    const { call } = await simulate("row_remap_exhausted");
    const listed = (await call("list_gpus"))["gpus"] as Record<string, unknown>[];
    const health = reportsOf(await call("gpu_health_check"));
    expect(listed.map((gpu) => [gpu["gpu_id"], gpu["uuid"], gpu["status"]])).toEqual(
      health.map((gpu) => [gpu.gpu_id, gpu.uuid, gpu.status]),
    );
    expect(listed.every((gpu) => typeof gpu["serial"] === "string")).toBe(true);
  });
});

describe("read_gpu_events", () => {
  it("filters by GPU and XID, keeps the newest and counts the rest", async () => {
    const { call } = await simulate("ecc_errors");
    const all = await call("read_gpu_events");
    const events = all["events"] as Record<string, unknown>[];
    const xid48 = events.find((event) => event["xid"] === 48);
    expect(xid48).toMatchObject({ kind: "xid", sxid: null, signal: null });
    expect(xid48?.["raw"]).toContain("48");
    const gpuId = xid48?.["gpu_id"];
    expect(typeof gpuId).toBe("number");

    const only = await call("read_gpu_events", { gpu_id: gpuId, xid: 48 });
    expect((only["events"] as { xid: number }[]).every((event) => event.xid === 48)).toBe(true);
    expect(only["total"]).toBeGreaterThan(0);

    const one = await call("read_gpu_events", { limit: 1 });
    expect(one).toMatchObject({ total: all["total"], returned: 1 });
    expect(one["events"]).toEqual(events.slice(-1));
  });

  it("refuses a limit out of bounds and an unknown GPU", async () => {
    const { fail } = await simulate("healthy");
    expect(await fail("read_gpu_events", { limit: 0 })).toMatchObject({ code: "invalid_input" });
    expect(await fail("read_gpu_events", { limit: 501 })).toMatchObject({ code: "invalid_input" });
    expect(await fail("read_gpu_events", { gpu_id: 9 })).toMatchObject({ code: "gpu_not_found" });
  });
});

describe("run_diagnostic", () => {
  it("runs a test by its compatible name and passes only on a pass", async () => {
    const { call } = await simulate("healthy");
    const result = await call("run_diagnostic", { test_name: "pcie_bandwidth", gpu_id: 1 });
    expect(result).toMatchObject({ test: "pcie_bandwidth", gpu_id: 1, passed: true, outcome: "pass", mode: "quick" });
    expect(result["details"]).toHaveProperty("bandwidth_measured_gb_s");
    expect(result).toMatchObject({ ran_as: "simulated", simulated: true });
  });

  it("agrees with the fault that the health check shows", async () => {
    const { call } = await simulate("nvlink_errors");
    const { gpus } = (await call("gpu_health_check"))["assessment"] as AssessmentWire;
    const result = await call("run_diagnostic", { test_name: "nvlink_check", gpu_id: gpus[0] ?? 0 });
    expect(result).toMatchObject({ passed: false, outcome: "fail" });
  });

  it("answers with the outcome when a test cannot run, which is not a pass", async () => {
    const reading = { origin: "file" as const, isSimulated: false, gpus: [{ index: 0 }], problems: [] };
    tools = await openGpuTools({ telemetry: fixedSource(reading) });
    const result = await tools.call("run_diagnostic", { test_name: "memory_stress" });
    expect(result).toMatchObject({ passed: false, outcome: "unavailable", conclusion: "nothing here can run it" });
  });

  it("lists the tests for an unknown one and the GPUs for an unknown GPU", async () => {
    const { fail } = await simulate("healthy");
    expect(await fail("run_diagnostic", { test_name: "burn_in" })).toMatchObject({
      code: "unknown_test",
      available_tests: ["memory_stress", "compute_stress", "nvlink_check", "pcie_bandwidth", "thermal_profile"],
    });
    expect(await fail("run_diagnostic", { test_name: "nvlink_check", gpu_id: 8 })).toMatchObject({
      code: "gpu_not_found",
    });
    expect(await fail("run_diagnostic", { test_name: "nvlink_check", mode: "hard" })).toMatchObject({
      code: "invalid_input",
    });
  });
});

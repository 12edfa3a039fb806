import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";

describe("own routes", () => {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-routes-"));
  let service: OpenService;
  beforeAll(async () => {
    service = await openService({
      config: loadConfig({ NEMOPS_HOME: home, LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", SIM_NODES: "3" }),
      langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
      log: createLog({ level: "silent" }),
      clock: systemClock,
    });
  });
  afterAll(async () => {
    await service.close();
    rmSync(home, { recursive: true });
  });

  interface Answer {
    readonly status: number;
    readonly body: Readonly<Record<string, unknown>>;
  }

  async function call(method: "GET" | "POST", url: string, payload?: object): Promise<Answer> {
    const response = await service.app.inject({ method, url, ...(payload ? { payload } : {}) });
    return { status: response.statusCode, body: response.json() };
  }

  it("list the nodes and say that they are simulated", async () => {
    const { status, body } = await call("GET", "/api/v1/gpu/nodes");
    expect(status).toBe(200);
    expect(body).toMatchObject({ simulated: true, source: expect.stringContaining("simulated") });
    expect(body["nodes"]).toHaveLength(3);
  });

  it("read GPUs, health and events of one node and of one GPU", async () => {
    const { body: gpus } = await call("GET", "/api/v1/gpu/gpus?node=gpu-node-002");
    expect(gpus["gpus"]).toHaveLength(4);
    const { body: health } = await call("GET", "/api/v1/gpu/health?gpu_id=1");
    expect(health["gpus"]).toHaveLength(1);
    expect(health).toMatchObject({
      gpus: [{ gpu_id: 1 }],
      assessment: { verdict: expect.any(String) },
      simulated: true,
    });
    const { body: events } = await call("GET", "/api/v1/gpu/events?limit=2");
    expect(events).toMatchObject({ returned: expect.any(Number), total: expect.any(Number) });
  });

  it.each([
    ["a GPU that is not there", "/api/v1/gpu/health?gpu_id=9", 404, "gpu_not_found"],
    ["a node that is not there", "/api/v1/gpu/health?node=nope", 404, "node_not_found"],
    ["a GPU index that is no number", "/api/v1/gpu/health?gpu_id=two", 422, "invalid_input"],
    ["a limit below one", "/api/v1/gpu/events?limit=0", 422, "invalid_input"],
    ["an alert that is not there", "/api/v1/alerts/NEMOPS-00000000", 404, "alert_not_found"],
    ["an incident that is not there", "/api/v1/incidents/INC-999", 404, "incident_not_found"],
  ])("refuse %s with %s %i", async (_what, url, status, code) => {
    const { status: given, body } = await call("GET", url);
    expect(given).toBe(status);
    expect(body).toMatchObject({ code, status, detail: expect.any(String), request_id: expect.any(String) });
  });

  it("run a diagnostic and refuse a test that does not exist, naming those that do", async () => {
    const { body } = await call("POST", "/api/v1/gpu/diagnostics", { test_name: "pcie_bandwidth", gpu_id: 1 });
    expect(body).toMatchObject({ test: "pcie_bandwidth", gpu_id: 1, simulated: true });
    const { status, body: refused } = await call("POST", "/api/v1/gpu/diagnostics", { test_name: "defrag" });
    expect(status).toBe(422);
    expect(JSON.stringify(refused)).toContain("memory_stress");
  });

  it("raise an alert once, then acknowledge, snooze and close it", async () => {
    const fault = {
      severity: "warning",
      title: "GPU 2: fan stopped",
      analysis: "Fan speed 0 %.",
      remediation_steps: ["Replace the fan"],
      node: "gpu-node-003",
      gpu_id: 2,
    };
    const { body: first } = await call("POST", "/api/v1/alerts", fault);
    const { body: second } = await call("POST", "/api/v1/alerts", fault);
    const id = (first["alert"] as { alert_id: string }).alert_id;
    expect(second).toMatchObject({ outcome: "deduplicated", alert: { alert_id: id, count: 2 } });
    for (const [action, status, body] of [
      ["acknowledge", "acknowledged", { by: "sre" }],
      ["snooze", "snoozed", { minutes: 30 }],
      ["close", "closed", { reason: "fan replaced" }],
    ] as const) {
      expect((await call("POST", `/api/v1/alerts/${id}/${action}`, body)).body).toMatchObject({ alert: { status } });
    }
    expect((await call("GET", "/api/v1/alerts?status=closed")).body).toMatchObject({ total: 1 });
    expect((await call("GET", `/api/v1/alerts/${id}`)).body).toMatchObject({
      alert: { alert_id: id },
      notifications: [{}],
    });
    expect((await call("POST", `/api/v1/alerts/${id}/explode`, {})).status).toBe(422);
    expect((await call("POST", `/api/v1/alerts/${id}/snooze`, { minutes: -5 })).status).toBe(422);
  });

  it("search, store and read incidents", async () => {
    const { body: found } = await call("POST", "/api/v1/incidents/search", { query: "GPU fell off the bus", top_k: 1 });
    expect(found).toMatchObject({ results: [{ id: "I04" }], no_close_match: false });
    expect((await call("POST", "/api/v1/incidents/search", { query: "", top_k: 3 })).status).toBe(422);
    expect((await call("POST", "/api/v1/incidents/search", { query: "xid 79", top_k: -1 })).status).toBe(422);
    const incident = {
      title: "Coolant leak at the manifold",
      severity: "critical",
      component: "thermal",
      symptoms: "Drops under the rack.",
      root_cause: "A worn gasket.",
      remediation: ["Close the valve"],
      prevention: "Inspect gaskets yearly.",
      xid_codes: [],
      sources: ["own incident"],
    };
    const stored = await call("POST", "/api/v1/incidents", incident);
    expect(stored).toMatchObject({ status: 201, body: { id: "INC-001" } });
    expect((await call("GET", "/api/v1/incidents/INC-001")).body).toMatchObject({ title: incident.title });
    expect((await call("GET", "/api/v1/incidents")).body["incidents"]).toHaveLength(27);
    expect(await call("POST", "/api/v1/incidents", { ...incident, id: "I04" })).toMatchObject({
      status: 409,
      body: { code: "already_exists" },
    });
    expect((await call("POST", "/api/v1/incidents", { title: "no more" })).status).toBe(422);
  });

  it("describe themselves", async () => {
    const { body } = await call("GET", "/openapi.json");
    const paths = Object.keys(body["paths"] as Record<string, unknown>);
    expect(paths).toEqual(expect.arrayContaining(["/api/v1/gpu/health", "/api/v1/alerts", "/api/v1/incidents/search"]));
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { GPU_TOOLS } from "../../../tools/gpu/index.ts";
import { type GpuTools, openGpuTools } from "./support/open-gpu-tools.ts";

let tools: GpuTools;
beforeAll(async () => {
  tools = await openGpuTools();
});
afterAll(() => tools.close());

describe("the list of GPU tools", () => {
  it("has the eleven names, each with a description for every field", async () => {
    const listed = await tools.client.listTools();
    expect(listed.map((tool) => tool.name).sort()).toEqual([
      "analyze_gpu_log",
      "generate_alert",
      "gpu_health_check",
      "list_alerts",
      "list_gpus",
      "lookup_xid",
      "propose_remediation",
      "read_gpu_events",
      "run_diagnostic",
      "search_incidents",
      "update_alert",
    ]);
    for (const tool of GPU_TOOLS) {
      const fields = { ...tool.input.shape, ...tool.output.shape };
      for (const [name, field] of Object.entries(fields)) {
        // Every zod field has a description, which the type of a bare shape does not show.
        const { description } = field as { description?: string };
        expect(description, `${tool.name}.${name}`).toBeTruthy();
      }
    }
  });

  it("calls nothing read-only that writes, and nothing destructive that is not", async () => {
    const listed = await tools.client.listTools();
    const writing = listed.filter((tool) => !tool.isReadOnly).map((tool) => tool.name);
    expect(writing.sort()).toEqual(["generate_alert", "run_diagnostic", "update_alert"]);
    expect(listed.filter((tool) => tool.isDestructive)).toEqual([]);
  });
});

describe("lookup_xid", () => {
  it("gives the catalogue row with our action and NVIDIA's buckets", async () => {
    expect(await tools.call("lookup_xid", { xid: 79 })).toMatchObject({
      xid: 79,
      known: true,
      mnemonic: "ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS",
      component: "pcie",
      severity: "critical",
      action: "REBOOT_NODE",
      immediate: "RESTART_BM",
      investigate: "CONTACT_SUPPORT",
      simulated: false,
    });
  });

  it("adds the rule over several events where there is one", async () => {
    expect((await tools.call("lookup_xid", { xid: 48 }))["stateful_rule"]).toContain("63 or 64");
    expect((await tools.call("lookup_xid", { xid: 8 }))["stateful_rule"]).toBeNull();
  });

  it("says that an unknown code is unknown and asks for nothing", async () => {
    expect(await tools.call("lookup_xid", { xid: 9_999 })).toMatchObject({
      known: false,
      status: "unknown",
      action: "NONE",
    });
  });

  it("refuses what is no code", async () => {
    expect(await tools.fail("lookup_xid", { xid: -1 })).toMatchObject({ code: "invalid_input" });
    expect(await tools.fail("lookup_xid", { xid: "79" })).toMatchObject({ code: "invalid_input" });
    expect((await tools.fail("lookup_xid"))["problems"]).toEqual([
      { field: "xid", message: "is required (the code, for example 79)" },
    ]);
  });
});

describe("search_incidents", () => {
  it("finds by XID and by words, with whole incidents and a score", async () => {
    const found = await tools.call("search_incidents", { query: "Xid 79, GPU has fallen off the bus", top_k: 2 });
    expect(found).toMatchObject({ no_close_match: false, method: "lexical", simulated: false });
    const results = found["results"] as Record<string, unknown>[];
    expect(results.length).toBeLessThanOrEqual(2);
    expect(results[0]?.["xid_codes"]).toContain(79);
    expect(results[0]?.["matched_by"]).toContain("xid");
    expect(results[0]?.["similarity_score"]).toBeGreaterThan(0);
    expect(found["total_incidents_in_db"]).toBe(26);
  });

  it("says so when nothing is close", async () => {
    const found = await tools.call("search_incidents", { query: "best sourdough starter hydration" });
    expect(found).toMatchObject({ results: [], no_close_match: true, message: "no past incident is close to this" });
  });

  it.each([
    [{ query: "   " }, "query"],
    [{ query: "" }, "query"],
    [{ query: "ecc", top_k: -1 }, "top_k"],
    [{ query: "ecc", top_k: 0 }, "top_k"],
    [{ query: "ecc", top_k: 2.5 }, "top_k"],
    [{}, "query"],
  ])("refuses %j and names the field", async (args, field) => {
    const error = await tools.fail("search_incidents", args);
    expect(error["code"]).toBe("invalid_input");
    expect(error["problems"]).toMatchObject([{ field }]);
  });
});

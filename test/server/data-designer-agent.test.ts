import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";

const BRIEF =
  "I need 500 fake medical invoices with patient, ICD code, amount between 50 and 5000 and a due date after the invoice date, seed 11";

interface State {
  readonly __interrupt__?: readonly { value: { action_requests: readonly { args: Record<string, unknown> }[] } }[];
  readonly job?: { readonly id: string; readonly status: string };
  readonly summary?: { readonly columns: readonly string[] };
}

describe("the data designer over HTTP", () => {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-designer-"));
  let service: OpenService;
  beforeAll(async () => {
    service = await openService({
      config: loadConfig({ NEMOPS_HOME: home, LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none" }),
      langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
      log: createLog({ level: "silent" }),
      clock: systemClock,
    });
  });
  afterAll(async () => {
    await service.close();
    rmSync(home, { recursive: true });
  });

  async function post(url: string, payload: object) {
    return (await service.app.inject({ method: "POST", url, payload })).json<State & { thread_id: string }>();
  }

  /** The brief to its finished job, in a new thread; the answer is the file's text. */
  async function makeInvoices(): Promise<string> {
    const { thread_id: threadId } = await post("/threads", {});
    const url = `/threads/${threadId}/runs/wait`;
    const input = { messages: [{ role: "user", content: BRIEF }] };
    const asked = await post(url, { assistant_id: "data_designer", input });
    expect(asked.__interrupt__?.[0]?.value.action_requests).toMatchObject([{ args: { num_records: 500, seed: 11 } }]);
    const command = { resume: { decisions: [{ type: "approve" }] } };
    const { job } = await post(url, { assistant_id: "data_designer", command });
    expect(job).toMatchObject({ status: "completed" });
    return (await service.app.inject(`/api/v1/datasets/${String(job?.id)}/download?format=jsonl`)).body;
  }

  it("is an assistant beside gpu_ops", async () => {
    const assistants = (await service.app.inject({ method: "POST", url: "/assistants/search", payload: {} })).json<
      { graph_id: string }[]
    >();
    expect(assistants.map((assistant) => assistant.graph_id).toSorted()).toEqual(["data_designer", "gpu_ops"]);
  });

  it("makes the invoices of a brief, every one due after its date, and the same bytes again", async () => {
    const file = await makeInvoices();
    const rows = file
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toHaveLength(500);
    expect(Object.keys(rows[0] ?? {})).toEqual(expect.arrayContaining(["patient", "icd_code", "amount", "due_date"]));
    expect(rows.filter((row) => !(String(row["due_date"]) > String(row["invoice_date"])))).toEqual([]);
    expect(rows.filter(({ amount }) => Number(amount) < 50 || Number(amount) > 5_000)).toEqual([]);
    expect(await makeInvoices()).toBe(file);
  });

  it("describes its state, so that Studio can show it", async () => {
    const schemas = (await service.app.inject("/assistants/data_designer/schemas")).json<{
      state_schema: { properties: object };
    }>();
    expect(Object.keys(schemas.state_schema.properties)).toEqual(
      expect.arrayContaining(["messages", "design", "violations", "preview", "job", "summary"]),
    );
  });

  it("serves its tools over MCP", async () => {
    const response = await service.app.inject({
      method: "POST",
      url: "/mcp/data-designer",
      headers: { accept: "application/json, text/event-stream", host: "127.0.0.1" },
      payload: {
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
      },
    });
    expect(response.statusCode).toBe(200);
    expect(response.body).toContain("nemops-data-designer");
  });
});

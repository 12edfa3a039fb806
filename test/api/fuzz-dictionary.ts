import type { FastifyInstance } from "fastify";

import type { Dictionary } from "./fuzz-values.ts";

const NOBODY = "7d7a5a3e-3f1e-4f0f-8a57-6d6e5b3d2c1b";
const INPUT = { messages: [{ role: "user", content: "is any GPU in trouble?" }] };
const CONFIG = { columns: [{ column_type: "sampler", name: "id", sampler_type: "uuid", params: {} }] };
const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "fuzzer", version: "1" },
};

/** Creates something of each kind and says what it is called, so that requests reach beyond the first check. */
export async function fuzzDictionary(app: FastifyInstance): Promise<Dictionary> {
  const post = async (url: string, payload: object): Promise<Record<string, unknown>> => {
    const response = await app.inject({ method: "POST", url, payload });
    return response.json<Record<string, unknown>>();
  };
  const threads: unknown[] = [];
  const runs: unknown[] = [];
  const checkpoints: unknown[] = [];
  for (let index = 0; index < 3; index += 1) {
    const { thread_id: threadId } = await post("/threads", { metadata: { index } });
    threads.push(threadId);
    await post(`/threads/${String(threadId)}/runs/wait`, { assistant_id: "gpu_ops", input: INPUT });
    const [run] = (await app.inject(`/threads/${String(threadId)}/runs`)).json<{ run_id: string }[]>();
    runs.push(run?.run_id);
    const state = (await app.inject(`/threads/${String(threadId)}/state`)).json<{
      checkpoint: { checkpoint_id: string };
    }>();
    checkpoints.push(state.checkpoint.checkpoint_id);
  }
  const { assistant_id: assistantId } = await post("/assistants", { graph_id: "gpu_ops", name: "fuzzed" });
  const cron = await post("/runs/crons", { assistant_id: "gpu_ops", schedule: "0 0 1 1 *", input: INPUT });
  await app.inject({
    method: "PUT",
    url: "/store/items",
    payload: { namespace: ["a", "b"], key: "k", value: { n: 1 } },
  });
  const dataset = await post("/api/v1/datasets", { config: CONFIG, num_records: 20 });
  const alerts = (await app.inject("/api/v1/alerts")).json<{ alerts?: { id?: string; alert_id?: string }[] }>();
  const alertIds = (alerts.alerts ?? []).map((alert) => alert.alert_id ?? alert.id).slice(0, 3);
  const { headers: opened } = await app.inject({
    method: "POST",
    url: "/mcp/gpu-ops",
    headers: { accept: "application/json, text/event-stream", host: "127.0.0.1" },
    payload: { jsonrpc: "2.0", id: 0, method: "initialize", params: INITIALIZE },
  });
  return {
    "Mcp-Session-Id": [opened["mcp-session-id"], NOBODY],
    "Last-Event-ID": ["-1", "0", "3"],
    thread_id: [...threads, NOBODY],
    run_id: [...runs, NOBODY],
    run_ids: [runs, [NOBODY]],
    checkpoint_id: [...checkpoints, NOBODY],
    assistant_id: ["gpu_ops", "gpu_ops", "data_designer", assistantId, "nope"],
    graph_id: ["gpu_ops", "nope"],
    cron_id: [cron["cron_id"], NOBODY],
    alert_id: [...alertIds, "nope"],
    job_id: [dataset["id"], "nope"],
    dataset_id: [dataset["id"], "nope"],
    result_name: ["dataset", "analysis", "nope"],
    namespace: [["a", "b"], "a.b"],
    namespace_prefix: [["a"], []],
    key: ["k", "other"],
    input: [INPUT, {}, null],
    config: [CONFIG, { configurable: { tenant: "a" } }],
    num_records: [3, 20],
    sql: ["select * from data", "select count(*) from data", "drop table data"],
    filter: ['{"id":{"ne":""}}', { n: 1 }],
    sort: ["id", "-id"],
    schedule: ["0 0 1 1 *", "every day"],
    timezone: ["Europe/Berlin", "Mars/Base"],
    webhook: ["http://127.0.0.1:9/hook", "nowhere"],
    after_seconds: [0, 1, 30],
    interrupt_before: ["*", ["reason"]],
    interrupt_after: ["*", ["reason"]],
    test_name: ["memory_stress", "nope"],
    mode: ["quick"],
    node: [undefined, "nope"],
    channels: [["values", "lifecycle"], ["custom:x"], ["nope"]],
    method: ["run.start", "input.respond", "state.get", "agent.getTree", "subscription.subscribe", "nope"],
    McpMessage: [
      { jsonrpc: "2.0", id: 1, method: "tools/list" },
      { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "read_gpu_health", arguments: {} } },
      { jsonrpc: "2.0", method: "notifications/initialized" },
    ],
  };
}

import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Design } from "../../../../engine/data/design/design.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { seededRandom } from "../../../../lib/random.ts";
import type { JobEvent } from "../../../../tools/data/dataset-job/events.ts";
import { type Metadata, readMetadata } from "../../../../tools/data/dataset-job/metadata.ts";
import { type DatasetJobOptions, runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";
import { decodeParquet } from "../../../../tools/data/writers/parquet.ts";
import { impatientClock, modelDesign, openServices } from "../../../support/generation.ts";
import { type ChatRequest, type OpenAiServer, type Script, startOpenAiServer } from "../../../support/openai-server.ts";

const CHAIN = ["a", "b", "c", "d"];

/** Four columns, each of which needs the one before. */
const chain = (): Design =>
  modelDesign(
    CHAIN.map((name, at) => ({
      column_type: "llm-structured" as const,
      name,
      prompt: `${name} of {{ ${CHAIN[at - 1] ?? "id"} }}`,
      model_alias: "m",
      output_format: { type: "object", properties: { of: { type: "string" } }, required: ["of"] },
    })),
  );

const promptOf = (request: ChatRequest): string => String(request.messages.at(-1)?.content);
const json = (value: unknown): Script => ({ kind: "answer", text: `\`\`\`json\n${JSON.stringify(value)}\n\`\`\`` });
/** Names what the prompt asked about, so that a value that went astray is seen. */
const echo = (request: ChatRequest): Script => json({ of: promptOf(request).split("\n")[0] });

function rowsOf(folder: string, metadata: Metadata): Record<string, unknown>[] {
  return metadata.file_paths["parquet-files"].flatMap((file) =>
    tableRows(decodeParquet(readFileSync(path.join(folder, file)))),
  );
}

describe("a job whose columns are written by models", () => {
  let server: OpenAiServer;
  let services: ReturnType<typeof openServices>;
  let events: JobEvent[];
  let folder: string;

  beforeEach(async () => {
    server = await startOpenAiServer();
    services = openServices({ LLM_BASE_URL: server.baseUrl });
    events = [];
    folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-models-")), "artifacts");
  });
  afterEach(async () => {
    services.close();
    await server.close();
  });

  const answerAll = (script: (request: ChatRequest) => Script, count = 4_000): void =>
    server.script(...Array.from({ length: count }, () => script));

  const runJob = (options: Partial<DatasetJobOptions> & Pick<DatasetJobOptions, "design" | "numRecords">) =>
    runDatasetJob({
      datasetName: "d",
      folder,
      seed: "7",
      services,
      onEvent: (event) => events.push(event),
      ...options,
    });

  it("makes exactly the rows that were asked for with 10 % 429s and 2 % broken JSON, and loses no cell", async () => {
    const chance = seededRandom(3);
    answerAll((request) => {
      const draw = chance();
      if (draw < 0.1) return { kind: "error", status: 429, headers: { "retry-after": "0" } };
      return draw < 0.12 ? { kind: "answer", text: '```json\n{"of": ' } : echo(request);
    });
    const { metadata } = await runJob({ design: chain(), numRecords: 200, rowGroupSize: 80 });
    const rows = rowsOf(folder, metadata);
    expect([rows.length, metadata.failures, metadata.text_model]).toEqual([200, [], "stub (default)"]);
    for (const row of rows) {
      expect(row["a"]).toEqual({ of: `a of ${String(row["id"])}` });
      expect(JSON.stringify(row["d"])).toContain(String(row["id"]));
    }
    const [model] = metadata.usage?.models ?? [];
    expect(model).toMatchObject({ alias: "m", model: "stub", provider: "default", requests: server.requests.length });
    expect(model?.rate_limited).toBeGreaterThan(40);
    expect(model?.restarts).toBeGreaterThan(4);
    expect(model?.output_tokens).toBe((server.requests.length - (model?.rate_limited ?? 0)) * 7);
    expect(events.filter(({ type }) => type === "throttle").length).toBeGreaterThan(0);
    expect(events.findLast(({ type }) => type === "column_progress")).toMatchObject({ done: 200, total: 200 });
    const last = events.findLast((event) => event.type === "model_usage");
    expect(last).toMatchObject({ alias: "m", requests: server.requests.length });
  });

  it("refuses a provider that nobody configured before it makes anything, and names the known ones", async () => {
    const design = modelDesign(
      [{ column_type: "llm-text", name: "a", prompt: "{{ id }}", model_alias: "m" }],
      [{ alias: "m", model: "stub", provider: "nowhere" }],
    );
    await expect(runJob({ design, numRecords: 5 })).rejects.toMatchObject({
      code: "invalid_input",
      message: 'model_configs "m": no provider "nowhere" is configured; the providers are "default"',
    });
    expect([existsSync(folder), server.requests.length]).toEqual([false, 0]);
  });

  it("ends with a clear error when the endpoint is down, keeps what is finished, and asks only for the rest on resume", async () => {
    services.close();
    services = openServices({ LLM_BASE_URL: server.baseUrl }, { clock: impatientClock() });
    // A server without scripts answers 500.
    answerAll(echo, 100);
    const job = { design: chain(), numRecords: 60, rowGroupSize: 10 };
    await expect(runJob(job)).rejects.toMatchObject({
      code: "model_failed",
      message: expect.stringContaining("HTTP 500"),
    });
    const kept = await readMetadata(folder);
    const finished = kept?.actual_num_records ?? 0;
    expect(finished).toBeGreaterThanOrEqual(10);
    expect(finished).toBeLessThan(60);
    expect(kept?.usage?.models[0]?.requests).toBe(server.requests.length);
    expect(events.at(-1)).toMatchObject({ type: "run_finished", status: "error", actual: finished });
    const before = server.requests.length;
    answerAll(echo);
    const { metadata } = await runJob({ ...job, resume: true });
    expect([rowsOf(folder, metadata).length, server.requests.length - before]).toEqual([60, (60 - finished) * 4]);
    expect(metadata.usage?.models[0]?.requests).toBe(server.requests.length);
  });

  it("gives a hanging endpoint up", async () => {
    services.close();
    services = openServices({ LLM_BASE_URL: server.baseUrl, LLM_TIMEOUT_MS: "100" }, { clock: impatientClock() });
    answerAll(() => ({ kind: "hang" }));
    await expect(runJob({ design: chain(), numRecords: 20 })).rejects.toMatchObject({
      code: "model_failed",
      message: 'model "m" does not answer: no answer within 100 ms',
    });
  });

  it("stops when nearly every request is refused", async () => {
    answerAll(() => ({ kind: "error", status: 401 }));
    await expect(runJob({ design: chain(), numRecords: 50 })).rejects.toMatchObject({
      code: "model_failed",
      message: expect.stringMatching(/most cells fail, the last one of column "a": HTTP 401/),
    });
    expect(server.requests.length).toBeLessThan(50);
  });

  it("drops a row whose cell fails, says which and why, and makes another one for it", async () => {
    const isRefused = (request: ChatRequest): boolean => /^b of \{'of': 'a of [01]/.test(promptOf(request));
    answerAll((request) => (isRefused(request) ? { kind: "error", status: 400 } : echo(request)));
    const { metadata } = await runJob({ design: chain(), numRecords: 50, rowGroupSize: 20 });
    const rows = rowsOf(folder, metadata);
    expect(rows).toHaveLength(50);
    expect(rows.filter(({ id }) => /^[01]/.test(String(id)))).toEqual([]);
    const dropped = metadata.row_groups.reduce((sum, group) => sum + group.row_count - group.num_records, 0);
    expect(dropped).toBeGreaterThan(0);
    expect(metadata.failures).toEqual([expect.objectContaining({ column: "b", kind: "refused", count: dropped })]);
    const told = events.find((event) => event.type === "row_failed");
    expect(told).toMatchObject({ column: "b", kind: "refused", message: expect.stringContaining("HTTP 400") });
    expect(readFileSync(path.join(folder, "README.md"), "utf8")).toContain("| b | refused |");
  });

  it("ends at once when it is cancelled", async () => {
    answerAll(() => ({ kind: "hang" }));
    const controller = new AbortController();
    const running = runJob({ design: chain(), numRecords: 20, signal: controller.signal });
    await server.waitForRequests(20);
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await server.waitForDisconnects(20);
    expect(events.at(-1)).toMatchObject({ type: "run_finished", status: "cancelled" });
  });
});

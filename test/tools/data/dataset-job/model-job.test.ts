import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Design } from "../../../../engine/data/design/design.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { seededRandom } from "../../../../lib/random.ts";
import type { JobEvent } from "../../../../tools/data/dataset-job/events.ts";
import type { Metadata } from "../../../../tools/data/dataset-job/metadata.ts";
import { type DatasetJobOptions, runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";
import { decodeParquet } from "../../../../tools/data/writers/parquet.ts";
import { modelDesign, openServices } from "../../../support/generation.ts";
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
});

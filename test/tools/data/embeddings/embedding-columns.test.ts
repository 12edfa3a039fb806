import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { type Design, Design as DesignSchema } from "../../../../engine/data/design/design.ts";
import { planColumns } from "../../../../engine/data/design/plan.ts";
import { createGenerator } from "../../../../engine/data/generate.ts";
import type { GenerationEvent } from "../../../../engine/data/generation-events.ts";
import { type Preview, previewRows } from "../../../../engine/data/preview.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";
import { impatientClock, openServices } from "../../../support/generation.ts";
import { type JsonReply, type JsonServer, startJsonServer } from "../../../support/validator-server.ts";

interface Posted {
  readonly input: readonly string[];
  readonly encoding_format: string;
}

let server: JsonServer | undefined;
let events: GenerationEvent[] = [];

afterEach(async () => {
  await server?.close();
  server = undefined;
  events = [];
});

const designOf = (values: readonly (string | number)[], inference: object = {}): Design =>
  DesignSchema.parse({
    columns: [
      {
        column_type: "sampler",
        name: "text",
        sampler_type: "category",
        params: { sampler_type: "category", values },
      },
      { column_type: "embedding", name: "vector", target_column: "text", model_alias: "e" },
    ],
    model_configs: [
      { alias: "e", model: "embed-small", inference_parameters: { generation_type: "embedding", ...inference } },
    ],
  });

/** One number is the length of the text, so that a vector that went astray is seen; answered in reverse order. */
const embed = ({ input, encoding_format: format }: Posted): JsonReply => ({
  body: {
    data: input
      .map((text, index) => {
        const vector = [text.length, 0.1];
        const bytes = Buffer.from(Float32Array.from(vector).buffer).toString("base64");
        return { index, embedding: format === "base64" ? bytes : vector };
      })
      .toReversed(),
    usage: { prompt_tokens: input.length * 2, total_tokens: input.length * 2 },
  },
});

async function preview(design: Design, rows: number, settings?: Record<string, string>) {
  const services = openServices(settings ?? { LLM_BASE_URL: `${server?.url}/v1` }, { clock: impatientClock() });
  try {
    const onEvent = (event: GenerationEvent): void => void events.push(event);
    const generator = await createGenerator({ design, plan: planColumns(design), seed: 1, services, onEvent });
    const made: Preview = await previewRows(generator, rows);
    return { rows: tableRows(made.table), failures: made.failures, embeddings: generator.embeddings };
  } finally {
    services.close();
  }
}

describe("an embedding column", () => {
  it.each(["float", "base64"])("has the vectors of its own text and of lists of texts, sent as %s", async (format) => {
    server = await startJsonServer(embed);
    const design = designOf(["a", "bbb", '["cc", "dddd"]', "[not a list", 12], {
      encoding_format: format,
      dimensions: 2,
      extra_body: { input_type: "passage" },
    });
    const { rows, embeddings } = await preview(design, 60);
    const lengths: Record<string, readonly number[]> = {
      a: [1],
      bbb: [3],
      '["cc", "dddd"]': [2, 4],
      "[not a list": [11],
      "12": [2],
    };
    expect(new Set(rows.map((row) => row["text"])).size).toBe(5);
    for (const { text, vector } of rows) {
      const expected = lengths[typeof text === "string" ? text : JSON.stringify(text)] ?? [];
      expect(vector).toEqual({
        embeddings: expected.map((length) => [length, 0.1]),
        num_embeddings: expected.length,
        dimension: 2,
      });
    }
    expect(server.requests[0]).toMatchObject({
      path: "/v1/embeddings",
      body: { model: "embed-small", encoding_format: format, dimensions: 2, input_type: "passage" },
    });
    const texts = server.requests.map(({ body }) => (body as Posted).input.length);
    expect(Math.max(...texts)).toBeLessThanOrEqual(32);
    expect(embeddings?.label).toBe("embed-small (default)");
    expect(embeddings?.usage()).toMatchObject([
      {
        column: "vector",
        alias: "e",
        requests: texts.length,
        inputTokens: texts.reduce((sum, count) => sum + count * 2, 0),
      },
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: "column_progress", done: 60, total: 60 }));
  });

  it("survives 429s, gateway errors and broken answers, and asks again", async () => {
    const replies: JsonReply[] = [
      { status: 429, headers: { "retry-after": "1" } },
      { status: 503 },
      { body: { data: [] } },
      { body: "{" },
    ];
    server = await startJsonServer((body: Posted) => replies.shift() ?? embed(body));
    const { rows, embeddings } = await preview(designOf(["a"], { max_parallel_requests: 1 }), 3);
    expect(rows.map((row) => row["vector"])).toEqual(
      Array.from({ length: 3 }, () => ({ embeddings: [[1, 0.1]], num_embeddings: 1, dimension: 2 })),
    );
    expect(embeddings?.usage()).toMatchObject([{ requests: 5, rateLimited: 1, retries: 3 }]);
  });

  it("drops the row whose text is refused, and only that one", async () => {
    server = await startJsonServer((body: Posted) =>
      body.input.includes("bad") ? { status: 400, body: "too long" } : embed(body),
    );
    const { rows, failures } = await preview(designOf(["bad", ...Array.from({ length: 19 }, (_, at) => `t${at}`)]), 60);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ column: "vector", kind: "refused", message: "HTTP 400: too long" });
    }
    expect(rows).toHaveLength(60);
    expect(rows.every((row) => row["vector"] !== null && row["text"] !== "bad")).toBe(true);
  });

  it("stops when most texts are refused", async () => {
    server = await startJsonServer(() => ({ status: 401, body: "who are you" }));
    await expect(preview(designOf(["a"]), 40)).rejects.toMatchObject({
      code: "model_failed",
      message: expect.stringContaining('column "vector": most cells are refused') as string,
    });
  });

  it("is made by the encoder that ships with the project where no endpoint is configured, and says so", async () => {
    const services = openServices({});
    const folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-embeddings-")), "artifacts");
    const logged: string[] = [];
    const { metadata, profile } = await runDatasetJob({
      design: designOf(["a cat sleeps", "invoices are due"], { dimensions: 128 }),
      datasetName: "d",
      folder,
      numRecords: 3,
      seed: 1,
      services,
      onEvent: (event) => event.type === "log" && logged.push(event.message),
    });
    expect(metadata).toMatchObject({ embedding_model: "use-lite-en-0.2.0 (built-in)", text_model: null });
    expect(metadata.usage?.columns).toMatchObject([{ column: "vector", model: "use-lite-en-0.2.0", requests: 1 }]);
    expect(logged).toEqual([
      'embeddings of "e" are made by the built-in encoder use-lite-en-0.2.0: 512 dimensions, not the 128 that are asked for',
    ]);
    expect(profile.num_records).toBe(3);
    services.close();
  });

  it("names the provider that nobody configured", async () => {
    server = await startJsonServer(embed);
    const design = designOf(["a"]);
    const [config] = design.model_configs ?? [];
    if (config === undefined) throw new Error("no config");
    const other = { ...design, model_configs: [{ ...config, provider: "lab" }] };
    await expect(preview(other, 1)).rejects.toMatchObject({ code: "invalid_input" });
  });
});

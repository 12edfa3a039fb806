import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Design } from "../../../engine/data/design/design.ts";
import type { JobEvent } from "../../../tools/data/dataset-job/events.ts";
import { runDatasetJob } from "../../../tools/data/dataset-job/run-job.ts";
import { impatientClock, modelDesign, openServices } from "../../support/generation.ts";
import { type ChatRequest, type OpenAiServer, type Script, startOpenAiServer } from "../../support/openai-server.ts";

const design = Design.parse({
  ...modelDesign([
    {
      column_type: "llm-judge",
      name: "verdict",
      prompt: "Judge {{ id }}",
      model_alias: "m",
      scores: [{ name: "quality", description: "how good", options: { 1: "bad", 5: "good" } }],
    },
  ]),
  profilers: [{ model_alias: "m", summary_score_sample_size: 2 }],
});

const judged = "```json\n" + JSON.stringify({ quality: { score: 5, reasoning: "it is short" } }) + "\n```";
const isSummary = (request: ChatRequest): boolean => String(request.messages.at(-1)?.content).startsWith("A judge has");

let server: OpenAiServer;
let events: JobEvent[];
beforeEach(async () => {
  server = await startOpenAiServer();
  events = [];
});
afterEach(() => server.close());

async function runJob(summary: Script, settings: Record<string, string> = { LLM_BASE_URL: server.baseUrl }) {
  const script = (request: ChatRequest): Script => (isSummary(request) ? summary : { kind: "answer", text: judged });
  server.script(...Array.from({ length: 40 }, () => script));
  const services = openServices(settings, { clock: impatientClock() });
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "nemops-judge-")), "artifacts");
  try {
    return await runDatasetJob({
      design,
      datasetName: "d",
      folder,
      numRecords: 4,
      seed: 1,
      services,
      onEvent: (event) => events.push(event),
    });
  } finally {
    services.close();
  }
}

describe("summaries of judge columns", () => {
  it("are written by the profiler's model, which sees the counts and a sample, and are paid for", async () => {
    const { profile, metadata } = await runJob({ kind: "answer", text: "Short ones score high." });
    expect(profile.column_profiles?.[0]?.summaries["quality"]).toEqual({
      score_name: "quality",
      summary: "Short ones score high.",
      written_by: "stub (default)",
      score_samples: [
        { score: 5, reasoning: "it is short" },
        { score: 5, reasoning: "it is short" },
      ],
    });
    const prompt = String(server.requests.find(isSummary)?.messages.at(-1)?.content);
    expect(prompt).toContain("4 of 4 rows have a score for quality; mean 5");
    expect(prompt.match(/"reasoning":"it is short"/g)).toHaveLength(2);
    expect(metadata.usage?.columns.map(({ column, requests }) => [column, requests])).toEqual([
      ["verdict", 4],
      ["profiler: judge-score", 1],
    ]);
  });

  it("are made of the counts, with a warning, where the model refuses", async () => {
    const { profile } = await runJob({ kind: "error", status: 400 });
    expect(profile.column_profiles?.[0]?.summaries["quality"]?.written_by).toBe("statistics");
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "log",
        level: "warning",
        message: expect.stringContaining("the judge-score profiler's model gave no summary") as string,
      }),
    );
  });

  it("are made of the counts where no model is configured", async () => {
    const { profile } = await runJob({ kind: "error", status: 500 }, {});
    const [judge] = profile.column_profiles ?? [];
    expect(judge?.summaries["quality"]).toMatchObject({ written_by: "statistics" });
    expect(judge?.summaries["quality"]?.summary).toContain("4 of 4 rows");
    expect(server.requests).toHaveLength(0);
  });
});

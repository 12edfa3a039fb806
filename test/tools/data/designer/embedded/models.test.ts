import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FilledCells, ModelCells } from "../../../../../engine/data/steps/model-cells.ts";
import { violationError } from "../../../../../engine/data/design/violation.ts";
import { ServiceError } from "../../../../../lib/errors.ts";
import { seededRandom } from "../../../../../lib/random.ts";
import type { PreviewMessage } from "../../../../../tools/data/designer/designer.ts";
import { HEARTBEAT_MS, PREVIEW_LIMIT_MS } from "../../../../../tools/data/designer/embedded/preview.ts";
import { createRunLock } from "../../../../../lib/run-lock.ts";
import type { GenerationServices } from "../../../../../tools/data/generation-services.ts";
import { CONFIG, collect, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type ManualClock, createManualClock } from "../../../../support/manual-clock.ts";
import { type EmbeddedHome, datasetRows, openHome, waitUntil } from "./open-designer.ts";

const WITH_MODEL = {
  columns: [
    ...CONFIG.columns,
    { column_type: "llm-text", name: "note", prompt: "A note about {{ city }}.", model_alias: "writer" },
  ],
  model_configs: [{ alias: "writer", model: "m-1", provider: "here" }],
};
const never = new AbortController().signal;

let home: EmbeddedHome;
let clock: ManualClock;
beforeEach(() => {
  home = openHome();
  clock = createManualClock();
});
afterEach(() => home.cleanUp());

/** A model that answers when the test says so; its only provider is `here`. */
function createSlowModel(): {
  services: GenerationServices;
  answer: () => void;
  asked: () => number;
  fail: () => void;
} {
  let asked = 0;
  let outcome: "waiting" | "answer" | "fail" = "waiting";
  const gates: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const down = (): ServiceError => new ServiceError("model_failed", "the endpoint is down");
  const open = (): Promise<ModelCells> =>
    Promise.resolve({
      label: "m-1 (here)",
      usage: () => [],
      fillCells: ({ records, columns, signal }): Promise<FilledCells> => {
        asked += 1;
        const values = new Map(columns.map(({ column }) => [column.name, records.map(() => "a note")]));
        const filled: FilledCells = { values, skipped: new Map(), failures: [] };
        if (outcome === "answer") return Promise.resolve(filled);
        if (outcome === "fail") return Promise.reject(down());
        return new Promise((resolve, reject) => {
          gates.push({ resolve: () => resolve(filled), reject });
          signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        });
      },
    });
  const check: NonNullable<GenerationServices["models"]>["check"] = (design) =>
    (design.model_configs ?? [])
      .filter(({ provider }) => provider !== "here")
      .map(({ alias }) => violationError("invalid_model_config", null, `"${alias}": the providers are here`));
  const providers = [{ name: "here", endpoint: "http://127.0.0.1:1/v1" }];
  return {
    services: { clock, random: seededRandom(1), models: { open, check, providers, close: () => undefined } },
    asked: () => asked,
    answer: () => {
      outcome = "answer";
      for (const gate of gates.splice(0)) gate.resolve();
    },
    fail: () => {
      outcome = "fail";
      for (const gate of gates.splice(0)) gate.reject(down());
    },
  };
}

describe("a preview with models", () => {
  it("beats its heart while they take their time, and then says who wrote what", async () => {
    const model = createSlowModel();
    const designer = home.open({ clock, services: model.services });
    const messages: PreviewMessage[] = [];
    const reading = (async () => {
      const preview = designer.preview({ config: WITH_MODEL, numRecords: 2 });
      for await (const message of preview) messages.push(message);
    })();
    await waitUntil(() => model.asked() === 1);
    for (let beat = 1; beat <= 3; beat += 1) {
      clock.jump(HEARTBEAT_MS);
      await waitUntil(() => messages.filter(({ kind }) => kind === "heartbeat").length === beat);
    }
    expect(messages.some(({ kind }) => kind === "dataset")).toBe(false);
    model.answer();
    await reading;
    expect(messages.map(({ kind }) => kind)).toEqual([
      "log",
      ...Array.from({ length: 3 }, () => "heartbeat"),
      "log",
      "dataset",
      "analysis",
    ]);
    expect(messages).toContainEqual({
      kind: "log",
      level: "info",
      message: "columns of models are written by: m-1 (here)",
    });
    const dataset = messages.find((message) => message.kind === "dataset");
    expect(dataset?.records.map(({ note }) => note)).toEqual(["a note", "a note"]);
  });

  it("ends with an error and no rows when they fail", async () => {
    const model = createSlowModel();
    model.fail();
    const designer = home.open({ clock, services: model.services });
    const messages = await collect<PreviewMessage>(designer.preview({ config: WITH_MODEL, numRecords: 2 }));
    expect(messages.at(-1)).toEqual({ kind: "log", level: "error", message: "the endpoint is down" });
    expect(messages.some(({ kind }) => kind === "dataset")).toBe(false);
  });

  it("stops asking when its reader is gone, or says so", async () => {
    const model = createSlowModel();
    const designer = home.open({ clock, services: model.services });
    for await (const { kind } of designer.preview({ config: WITH_MODEL, numRecords: 2 })) {
      expect(kind).toBe("log");
      break;
    }
    const controller = new AbortController();
    const preview = designer.preview({ config: WITH_MODEL, numRecords: 2, signal: controller.signal });
    const reading = collect(preview);
    await waitUntil(() => model.asked() === 1);
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    expect(clock.sleeperCount()).toBe(1);
  });

  it("is ended after its time and names the model that did not answer", async () => {
    const model = createSlowModel();
    const designer = home.open({ clock, services: model.services });
    const reading = collect(designer.preview({ config: WITH_MODEL, numRecords: 2 }));
    reading.catch(() => undefined);
    await waitUntil(() => model.asked() === 1);
    clock.jump(PREVIEW_LIMIT_MS);
    await expect(reading).rejects.toMatchObject({
      code: "timed_out",
      message: expect.stringContaining(
        'the preview took longer than 120 s: column "note" waits for "writer" (model "m-1" of provider "here")',
      ) as string,
    });
    expect(clock.sleeperCount()).toBe(1);
  });

  it.each([0, 1_001, 1.5])("of %s rows is refused", async (numRecords) => {
    const preview = collect(home.open().preview({ config: CONFIG, numRecords }));
    await expect(preview).rejects.toMatchObject({
      code: "invalid_input",
      message: `${numRecords} rows: a preview has 1 to 1000`,
    });
  });
});

describe("a job with models", () => {
  it("is refused when it names an endpoint that nobody configured, whatever else is wrong", async () => {
    const { services } = createSlowModel();
    const designer = home.open({ services });
    const config = { ...WITH_MODEL, model_configs: [{ alias: "writer", model: "m", provider: "elsewhere" }] };
    await expect(designer.createJob({ config, numRecords: 5 })).rejects.toMatchObject({
      code: "invalid_input",
      data: { violations: [expect.objectContaining({ type: "invalid_model_config", level: "error" })] },
    });
    expect(await designer.settings()).toMatchObject({
      modelConfigs: [{ alias: "default", model: "model-of-the-test", provider: "here" }],
      modelProviders: [{ name: "here" }],
    });
  });

  it("is cancelled in the middle of a request, and goes on after a failure of its endpoint", async () => {
    const model = createSlowModel();
    const designer = home.open({ services: model.services });
    const cancelled = await designer.createJob({ config: WITH_MODEL, numRecords: 5 });
    await waitUntil(() => model.asked() === 1);
    await designer.cancel(cancelled.id);
    expect((await waitUntilEnded(designer, cancelled.id)).status).toBe("cancelled");

    const { id } = await designer.createJob({ config: WITH_MODEL, numRecords: 5, idempotencyKey: "k" });
    await waitUntil(() => model.asked() === 2);
    model.fail();
    expect(await waitUntilEnded(designer, id)).toMatchObject({
      status: "error",
      errorDetails: { code: "model_failed" },
    });
    model.answer();
    expect((await designer.resume?.(id))?.status).toBe("pending");
    expect(await waitUntilEnded(designer, id)).toMatchObject({ status: "completed", textModel: "m-1 (here)" });
    expect((await datasetRows(designer, id)).map(({ note }) => note)).toEqual(
      Array.from({ length: 5 }, () => "a note"),
    );
  });

  it("is written by the offline text model when no endpoint is configured, which the job says", async () => {
    const designer = home.open();
    const { id, textModel } = await designer.createJob({ config: WITH_MODEL, numRecords: 2 });
    expect(textModel).toBe("offline text model");
    expect((await waitUntilEnded(designer, id)).textModel).toBe("offline text model");
    expect(await designer.settings()).toEqual({
      modelConfigs: [],
      modelProviders: [],
      textModel: "offline text model",
    });
  });
});

it("waits for a change no longer than asked, by its own clock", async () => {
  const lock = createRunLock(path.join(home.home, "datasets.lock"));
  lock.tryAcquire();
  const designer = home.open({ clock });
  const job = await designer.createJob({ config: CONFIG, numRecords: 2 });
  const { version } = job.progress;
  let isOver = false;
  const change = designer
    .waitForChange(job.id, { version, timeoutMs: 300, signal: never })
    .finally(() => (isOver = true));
  // The designer looks after its jobs, and waits.
  await waitUntil(() => clock.sleeperCount() === 2);
  clock.jump(299);
  expect(isOver).toBe(false);
  clock.jump(1);
  expect(await change).toEqual(job);
  lock.release();
});

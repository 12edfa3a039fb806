import { afterEach, describe, expect, it } from "vitest";

import type { PreviewMessage } from "../../../../../tools/data/designer/designer.ts";
import { createV1Dialect } from "../../../../../tools/data/designer/nemo/dialects/v1.ts";
import { createV2Dialect } from "../../../../../tools/data/designer/nemo/dialects/v2.ts";
import { V1BETA1 } from "../../../../../tools/data/designer/nemo/dialects/v1beta1.ts";
import type { Dialect } from "../../../../../tools/data/designer/nemo/dialect.ts";
import { readPreviewStream } from "../../../../../tools/data/designer/nemo/preview.ts";
import { CONFIG, collect } from "../../../../contracts/data-designer.ts";
import { type NemoFixture, openNemo } from "../../../../support/nemo-service-designer.ts";

const V1 = createV1Dialect("1.4");
const V2 = createV2Dialect({ workspace: "w", hasFactory: true });

async function* bytesOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

function read(lines: readonly unknown[], dialect: Dialect = V1, size = 7): Promise<PreviewMessage[]> {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  return collect(readPreviewStream(bytesOf(text, size), dialect));
}

const log = (message: string, level: string) => ({ message_type: "log", message, extra: { level } });
const dataset = (value: unknown) => ({ message_type: "dataset", message: JSON.stringify(value) });

describe("the stream of a v1 preview", () => {
  it("is read whatever the pieces are, within characters as well", async () => {
    const records = [{ name: "Ærø 💡", n: 1 }];
    for (const size of [1, 2, 3, 1_000]) {
      expect(await read([{ message_type: "heartbeat", message: "" }, dataset(records)], V1, size)).toEqual([
        { kind: "heartbeat" },
        { kind: "dataset", records },
      ]);
    }
  });

  it.each([
    [
      "records",
      [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
      ],
    ],
    ["lists by column", { a: [1, 2], b: ["x", "y"] }],
    ["cells by label", { a: { "0": 1, "1": 2 }, b: { "0": "x", "1": "y" } }],
  ])("takes a dataset as %s", async (_, value) => {
    const [message] = await read([dataset(value)]);
    expect(message).toEqual({
      kind: "dataset",
      records: [
        { a: 1, b: "x" },
        { a: 2, b: "y" },
      ],
    });
  });

  it("tells levels of logs in our words", async () => {
    const levels = ["info", "WARN", "warning", "Error", "debug"];
    const messages = await read([...levels.map((level) => log(level, level)), dataset([])]);
    const told = messages.flatMap((message) => (message.kind === "log" ? [message.level] : []));
    expect(told).toEqual(["info", "warning", "warning", "error", "info"]);
  });

  it("goes on after lines that cannot be read and messages it does not know", async () => {
    const messages = await read(["{broken", { message_type: "processor", message: "{}" }, 5, dataset([{ a: 1 }])]);
    expect(messages.map(({ kind }) => kind)).toEqual(["log", "log", "dataset"]);
    expect(messages[0]).toMatchObject({ level: "warning", message: expect.stringContaining("{broken") });
  });

  it("never ends silently without a dataset", async () => {
    expect(await read([log("no such model", "error")])).toEqual([
      { kind: "log", level: "error", message: "no such model" },
    ]);
    const last = (await read([log("fine", "info")])).at(-1);
    expect(last).toMatchObject({ kind: "log", level: "error", message: expect.stringContaining("without a dataset") });
    expect((await read([{ message_type: "dataset", message: "[1" }])).at(-1)).toMatchObject({ level: "error" });
  });
});

describe("streams of other dialects", () => {
  it("are frames by kind in v2", async () => {
    const records = [{ a: 1 }];
    const lines = [
      { kind: "log", level: "warning", message: "w" },
      { kind: "dataset", records },
      { kind: "analysis", analysis: { n: 1 } },
      { kind: "done" },
    ];
    expect(await read(lines, V2)).toEqual([
      { kind: "log", level: "warning", message: "w" },
      { kind: "dataset", records },
      { kind: "analysis", analysis: { n: 1 } },
    ]);
    expect(await read([{ kind: "error", error: { code: 3 } }], V2)).toEqual([
      { kind: "log", level: "error", message: '{"code":3}' },
    ]);
  });

  it("are messages of steps in v1beta1", async () => {
    const at = { step: "s", ts: "2026-01-01T00:00:00" };
    const lines = [
      { ...at, stream: "logs", type: "log", payload: { level: "warn", msg: "slow" } },
      { ...at, stream: "step_outputs", type: "out", payload: { dataset: [{ a: 1 }] } },
      { ...at, stream: "step_outputs", type: "out", payload: { report: 1 } },
      { ...at, stream: "logs", type: "step_state_change", payload: { state: "error", msg: "broke" } },
    ];
    expect(await read(lines, V1BETA1)).toEqual([
      { kind: "log", level: "warning", message: "slow" },
      { kind: "dataset", records: [{ a: 1 }] },
      { kind: "log", level: "error", message: "broke" },
    ]);
  });
});

describe("a preview over HTTP", () => {
  let fixture: NemoFixture | undefined;
  const start = async (options: Parameters<typeof openNemo>[0] = {}): Promise<NemoFixture> =>
    (fixture = await openNemo({ hasSettings: true, ...options }));
  afterEach(async () => {
    await fixture?.close();
    fixture = undefined;
  });
  const PREVIEW = "POST /v1/data-designer/preview";

  it("gives up on a service that falls silent", async () => {
    const { designer, service } = await start({ client: { previewSilenceMs: 60 } });
    const text = `${JSON.stringify(log("began", "info"))}\n`;
    service.fault({ on: PREVIEW, how: { kind: "body", text, isStalled: true } });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const message of designer.preview({ config: CONFIG, numRecords: 2 })) seen.push(message.kind);
    })();
    await expect(reading).rejects.toMatchObject({ code: "timed_out" });
    expect(seen).toEqual(["log"]);
  });

  it("ends with its caller's signal", async () => {
    const { designer, service } = await start();
    service.fault({
      on: PREVIEW,
      how: { kind: "body", text: `${JSON.stringify(log("began", "info"))}\n`, isStalled: true },
    });
    const controller = new AbortController();
    const reading = (async () => {
      const { signal } = controller;
      for await (const _ of designer.preview({ config: CONFIG, numRecords: 2, signal }))
        controller.abort(new Error("enough"));
    })();
    await expect(reading).rejects.toThrow("enough");
  });

  it("says that there is no seed, and what is translated", async () => {
    const { designer } = await start({ hasSettings: false });
    const people = { column_type: "sampler", name: "who", sampler_type: "person_from_faker", params: {} };
    const config = { columns: [...CONFIG.columns, people] };
    const messages = await collect(designer.preview({ config, numRecords: 1, seed: 7 }));
    const logs = messages.flatMap((message) => (message.kind === "log" ? [`${message.level} ${message.message}`] : []));
    expect(logs).toEqual([
      expect.stringMatching(/^warning .*"who".*sample_dataset_when_available/),
      expect.stringMatching(/^info .*no seed/),
      "info sampling",
    ]);
  });

  it("sends nothing of a design with a feature that the service does not have", async () => {
    const { designer, service } = await start();
    const config = {
      columns: [...CONFIG.columns, { column_type: "image", name: "i", prompt: "{{ city }}", model_alias: "m" }],
    };
    const preview = collect(designer.preview({ config, numRecords: 1 }));
    await expect(preview).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining('column "i": image'),
    });
    expect(service.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });
});

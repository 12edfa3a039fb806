import { fastify } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { createLog } from "../../../lib/log.ts";
import { dataDesignerRoutes } from "../../../server/routes/data-designer.ts";
import type { DataDesigner, PreviewMessage, PreviewRequest } from "../../../tools/data/designer/designer.ts";
import { ORDERS, startDesignerApp } from "./designer-app.ts";

/** The built-in engine with another preview: what a slow or failing model makes of it. */
async function startWithPreview(
  preview: (request: PreviewRequest) => AsyncIterable<PreviewMessage>,
  heartbeatMs = 5_000,
): Promise<{ url: string; close: () => Promise<void> }> {
  const service = await startDesignerApp();
  const designer: DataDesigner = { ...service.designer, preview };
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(
    dataDesignerRoutes({ designer, clock: systemClock, log: createLog({ level: "silent" }), heartbeatMs }),
  );
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    close: async () => {
      await app.close();
      await service.close();
    },
  };
}

const request = (signal?: AbortSignal): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ config: ORDERS, num_records: 2 }),
  ...(signal === undefined ? {} : { signal }),
});

describe("a preview over HTTP", () => {
  it("sends each line as it comes, heartbeats while nothing does, and failures as an error log", async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
    const service = await startWithPreview(async function* () {
      yield { kind: "log", level: "info", message: "begun" };
      await released;
      throw new Error("the model went away");
    }, 5);
    try {
      const response = await fetch(`${service.url}/v1/data-designer/preview`, request());
      const types: string[] = [];
      let last = "";
      for await (const text of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
        for (const line of text.trimEnd().split("\n")) {
          last = line;
          types.push((JSON.parse(line) as { message_type: string }).message_type);
        }
        if (types.filter((type) => type === "heartbeat").length >= 2) release(undefined);
      }
      expect(types.slice(0, 3)).toEqual(["log", "heartbeat", "heartbeat"]);
      expect(JSON.parse(last)).toEqual({
        message: "the model went away",
        message_type: "log",
        extra: { level: "error" },
      });
    } finally {
      await service.close();
    }
  });

  it("stops the work when its client leaves", async () => {
    const { promise: stopped, resolve: stop } = Promise.withResolvers<unknown>();
    const service = await startWithPreview(async function* ({ signal }) {
      yield { kind: "log", level: "info", message: "begun" };
      const waiting = new Promise<never>((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
      try {
        await waiting;
      } finally {
        stop(signal?.aborted);
      }
    });
    try {
      const client = new AbortController();
      const response = await fetch(`${service.url}/v1/data-designer/preview`, request(client.signal));
      await response.body?.getReader().read();
      client.abort();
      expect(await stopped).toBe(true);
    } finally {
      await service.close();
    }
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SIGNATURE_HEADER, isSignatureOf } from "../../../lib/body-signature.ts";
import { createLog } from "../../../lib/log.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { type TestApp, type TestAppOptions, createTempFolder, startTestApp } from "../../support/test-app.ts";
import { type ReceivedRequest, type Receiver, startReceiver } from "../../tools/gpu/alerts/receiver.ts";

const SECRET = "a-shared-secret";

let receiver: Receiver;
let server: TestApp | undefined;

beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await receiver.close();
});

const start = async ({ env, ...settings }: TestAppOptions = {}): Promise<TestApp> => {
  server = await startTestApp({ ...settings, env: { OUTBOUND_ALLOW_PRIVATE: "1", ...env } });
  return server;
};

describe("the signature of a webhook", () => {
  const send = async (env: Record<string, string>): Promise<ReceivedRequest> => {
    const { app } = await start({ env });
    const payload = { assistant_id: "two_nodes", input: {}, webhook: receiver.url };
    await app.inject({ method: "POST", url: "/runs/wait", payload });
    return await vi.waitFor(() => {
      const [request] = receiver.received;
      if (request === undefined) throw new Error("nothing was sent yet");
      return request;
    });
  };

  it("is that of the exact body, in which the time of sending is", async () => {
    const { headers, body } = await send({ WEBHOOK_SECRET: SECRET });
    const signature = String(headers[SIGNATURE_HEADER]);
    expect(JSON.parse(body)).toMatchObject({ status: "success", webhook_sent_at: expect.any(String) });
    expect(isSignatureOf(signature, body, SECRET)).toBe(true);
    expect(isSignatureOf(signature, body.replace("success", "error"), SECRET)).toBe(false);
    expect(isSignatureOf(signature, body, "another secret")).toBe(false);
  });

  it("is not sent without a secret, nor with that of alerts", async () => {
    const { headers } = await send({ ALERT_WEBHOOK_SECRET: SECRET });
    expect(headers).not.toHaveProperty(SIGNATURE_HEADER);
  });
});

describe("webhooks that are switched off", () => {
  const http = { disable_webhooks: true };
  let folder: ReturnType<typeof createTempFolder>;
  beforeEach(() => {
    folder = createTempFolder();
  });
  afterEach(() => folder.remove());

  it("are refused to crons from before, too, which start no runs then", async () => {
    const clock = createManualClock(Date.UTC(2026, 5, 1, 9, 59));
    const before = await start({ home: folder.path, clock });
    const payload = { assistant_id: "two_nodes", input: {}, schedule: "* * * * *", webhook: receiver.url };
    await before.app.inject({ method: "POST", url: "/runs/crons", payload });
    await before.close();
    clock.jump(60_000);
    const lines: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
    const { store } = await start({ home: folder.path, clock, options: { http, log } });
    await vi.waitFor(() => expect(lines.join("")).toContain("cron could not start its run"));
    expect(lines.join("")).toContain("http.disable_webhooks");
    expect(await store.runs.unfinished()).toEqual([]);
  });

  it("are not sent for runs from before, and forgotten", async () => {
    const before = await start({ home: folder.path });
    const webhook = { runId: "run", threadId: "thread", url: receiver.url, body: "{}", createdAtMs: Date.now() };
    await before.store.runWebhooks.insert(webhook, "a former process");
    await before.close();
    const { store } = await start({ home: folder.path, options: { http } });
    // Processes that share a database look for what others left every few seconds.
    await vi.waitFor(
      async () => {
        await store.runWebhooks.releaseAll();
        const left = await store.runWebhooks.claim("the test", 10, []);
        await store.runWebhooks.releaseAll();
        expect(left).toEqual([]);
      },
      { timeout: 15_000, interval: 200 },
    );
    expect(receiver.received).toEqual([]);
  }, 20_000);
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SIGNATURE_HEADER, isSignatureOf } from "../../../lib/body-signature.ts";
import { type TestApp, type TestAppOptions, startTestApp } from "../../support/test-app.ts";
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

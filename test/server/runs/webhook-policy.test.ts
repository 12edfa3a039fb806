import { writeFileSync } from "node:fs";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { SIGNATURE_HEADER } from "../../../lib/body-signature.ts";
import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { type LanggraphConfig, readLanggraphConfig } from "../../../server/graph-registry.ts";
import { type OpenService, openService } from "../../../server/open-service.ts";
import { OPEN_POLICY, type WebhookPolicy, openWebhookPolicy } from "../../../server/runs/webhook-policy.ts";
import { checkWebhook } from "../../../server/runs/webhook.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createTempFolder, startTestApp } from "../../support/test-app.ts";
import { type Receiver, startReceiver } from "../../tools/gpu/alerts/receiver.ts";

const GRAPHS_FILE = path.resolve(import.meta.dirname, "../../support/test-graphs.ts");
const TOKEN = "a-token-of-the-receiver";

let folder: ReturnType<typeof createTempFolder>;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = createTempFolder();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0).reverse()) await close();
  folder.remove();
});

const read = (webhooks: object, more: object = {}): Promise<LanggraphConfig> => {
  const file = path.join(folder.path, "langgraph.json");
  writeFileSync(file, JSON.stringify({ graphs: { two_nodes: `${GRAPHS_FILE}:twoNodes` }, webhooks, ...more }));
  return readLanggraphConfig(file);
};
const policyOf = async (webhooks: object, more: object = {}): Promise<WebhookPolicy> =>
  openWebhookPolicy(await read(webhooks, more));
const headersOf = ({ headers }: WebhookPolicy): Record<string, string> =>
  Object.fromEntries([...headers].map(([name, value]) => [name, value.reveal()]));

describe("the rules for URLs", () => {
  const problemOf = (policy: WebhookPolicy, url: string): string | undefined => {
    try {
      checkWebhook(url, { allowPrivate: false, isDisabled: false, policy });
      return undefined;
    } catch (error) {
      return String(error);
    }
  };

  it("let any public URL through when there are none", async () => {
    for (const policy of [
      OPEN_POLICY,
      await policyOf({}),
      await policyOf({ url: { allowed_domains: [], allowed_ports: [] } }),
    ]) {
      expect(problemOf(policy, "http://hooks.example:8080/a")).toBeUndefined();
    }
  });

  it.each([
    [{ require_https: true }, ["https://a.example/h"], ["http://a.example/h"], /must be https/],
    [
      { allowed_domains: ["Hooks.example", "*.corp.example"] },
      ["https://hooks.example/h", "https://HOOKS.example.:9/", "http://a.corp.example/", "http://a.b.corp.example/"],
      ["https://corp.example/", "https://evilcorp.example/", "https://a.hooks.example/", "https://hooks.example.evil/"],
      /may not go to [\w.]+, only to hooks\.example, \*\.corp\.example \(webhooks\.url\.allowed_domains\)/,
    ],
    [
      { allowed_ports: [443, 8443] },
      ["https://a.example/", "https://a.example:8443/", "http://a.example:443/"],
      ["http://a.example/", "https://a.example:444/"],
      /may not go to port (80|444), only to 443, 8443/,
    ],
    [{ max_url_length: 20 }, ["https://a.example/23"], ["https://a.example/234"], /may have 20 characters, not 21/],
  ])("%j", async (url, allowed, refused, reason) => {
    const policy = await policyOf({ url });
    for (const text of allowed) expect(problemOf(policy, text), text).toBeUndefined();
    for (const text of refused) expect(problemOf(policy, text), text).toMatch(reason);
  });

  it("open no private addresses, whatever they name, and never show the path of a URL", async () => {
    const policy = await policyOf({ url: { allowed_domains: ["127.0.0.1"], require_https: true } });
    expect(problemOf(policy, "https://127.0.0.1/h")).toMatch(/not a public address/);
    expect(problemOf(policy, "http://hooks.example/a-secret-path")).not.toContain("secret");
    expect(problemOf(policy, "https://hooks.example/a-secret-path")).not.toContain("secret");
  });
});

describe("the values of headers", () => {
  it("are filled in from the environment, and else from the env block", async () => {
    vi.stubEnv("LG_WEBHOOK_TOKEN", TOKEN);
    const headers = {
      Authorization: "Bearer ${{ env.LG_WEBHOOK_TOKEN }}",
      "x-from": "${{env.LG_WEBHOOK_A}}/${{env.LG_WEBHOOK_TOKEN}}",
    };
    const env = { LG_WEBHOOK_A: "block", LG_WEBHOOK_TOKEN: "not this one" };
    const policy = await policyOf({ headers }, { env });
    expect(headersOf(policy)).toEqual({ authorization: `Bearer ${TOKEN}`, "x-from": `block/${TOKEN}` });
    expect(JSON.stringify([...policy.headers])).not.toContain(TOKEN);
  });

  it.each([
    ["a variable that is not set", "${{ env.LG_WEBHOOK_NONE }}", /webhooks\.headers\.x-a: LG_WEBHOOK_NONE is not set/],
    ["a variable that is blank", "${{ env.LG_WEBHOOK_BLANK }}", /webhooks\.headers\.x-a: LG_WEBHOOK_BLANK is not set/],
    ["a value of two lines", "${{ env.LG_WEBHOOK_LINES }}", /webhooks\.headers\.x-a: the value holds characters/],
  ])("stop the start for %s, without showing one", async (_what, template, reason) => {
    vi.stubEnv("LG_WEBHOOK_BLANK", " ");
    vi.stubEnv("LG_WEBHOOK_LINES", `${TOKEN}\r\nx-evil: 1`);
    const opening = policyOf({ headers: { "x-a": template } });
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.not.toThrow(TOKEN);
    await expect(opening).rejects.toMatchObject({ name: "GraphConfigError" });
  });
});

describe("webhooks of runs and crons", () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
    closers.push(() => receiver.close());
  });
  const received = (): Promise<Receiver["received"][number]> =>
    vi.waitFor(() => {
      const [request] = receiver.received;
      if (request === undefined) throw new Error("nothing was sent yet");
      return request;
    });
  const lines: string[] = [];
  const open = async (webhooks: object): Promise<OpenService> => {
    lines.length = 0;
    vi.stubEnv("LG_WEBHOOK_TOKEN", TOKEN);
    const service = await openService({
      config: loadConfig({
        NEMOPS_HOME: path.join(folder.path, "home"),
        LLM_PROVIDER: "offline",
        EMBEDDINGS_PROVIDER: "none",
        OUTBOUND_ALLOW_PRIVATE: "1",
        WEBHOOK_SECRET: "a-shared-secret",
      }),
      langgraph: await read(webhooks),
      log: createLog({ level: "debug", destination: { write: (line: string) => void lines.push(line) } }),
      clock: systemClock,
    });
    closers.push(() => service.close());
    return service;
  };
  const HEADERS = { Authorization: "Bearer ${{ env.LG_WEBHOOK_TOKEN }}", "X-Team": "gpu" };

  it("carry the headers to a host that is allowed, and go to no other", async () => {
    const { app } = await open({ headers: HEADERS, url: { allowed_domains: ["127.0.0.1"] } });
    const post = (url: string, payload: object) => app.inject({ method: "POST", url, payload });
    const body = { assistant_id: "two_nodes", input: {} };
    await post("/runs/wait", { ...body, webhook: receiver.url });
    const { headers } = await received();
    expect(headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      "x-team": "gpu",
      "content-type": "application/json",
    });
    expect(headers[SIGNATURE_HEADER]).toMatch(/^sha256=/);
    const webhook = receiver.url.replace("127.0.0.1", "localhost");
    for (const [url, more] of [
      ["/runs/wait", {}],
      ["/runs", {}],
      ["/runs/crons", { schedule: "0 0 1 1 *" }],
    ] as const) {
      const answer = await post(url, { ...body, ...more, webhook });
      expect(answer.statusCode, url).toBe(422);
      expect(answer.json()).toMatchObject({
        code: "invalid_input",
        errors: [{ field: "webhook", message: expect.stringContaining("may not go to localhost, only to 127.0.0.1") }],
      });
    }
    expect(lines.join("")).not.toContain("sent to whatever host");
  });

  it("leave no trace of the headers in the log, also when they are not taken", async () => {
    receiver.answer({ status: 400 });
    const { app } = await open({ headers: HEADERS });
    const payload = { assistant_id: "two_nodes", input: {}, webhook: receiver.url };
    await app.inject({ method: "POST", url: "/runs/wait", payload });
    await vi.waitFor(() => expect(lines.join("")).toContain("webhook not delivered"));
    expect(lines.join("")).toContain("sent to whatever host a run names");
    expect(lines.join("")).not.toContain(TOKEN);
  });

  it("of a cron carry them, too", async () => {
    vi.stubEnv("LG_WEBHOOK_TOKEN", TOKEN);
    const clock = createManualClock(Date.UTC(2026, 5, 1, 9, 59));
    const webhooks = await policyOf({ headers: HEADERS });
    const server = await startTestApp({ clock, env: { OUTBOUND_ALLOW_PRIVATE: "1" }, options: { webhooks } });
    closers.push(() => server.close());
    const payload = { assistant_id: "two_nodes", input: {}, schedule: "* * * * *", webhook: receiver.url };
    await server.app.inject({ method: "POST", url: "/runs/crons", payload });
    // Whenever the scheduler goes to sleep, a minute passes.
    await vi.waitFor(async () => {
      await clock.advance(60_000);
      expect(receiver.received).not.toEqual([]);
    });
    expect((await received()).headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, "x-team": "gpu" });
  });
});

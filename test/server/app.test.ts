import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { ServiceError } from "../../lib/errors.ts";
import { checkBinding } from "../../server/auth/binding.ts";
import { type TestApp, type TestAppOptions, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";

let server: TestApp | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const start = async (options?: TestAppOptions): Promise<TestApp> => {
  server = await startTestApp(options);
  return server;
};

describe("probes and documents", () => {
  it("answer ok, livez and readyz with every part that is needed", async () => {
    const { app } = await start({ options: { readiness: [{ name: "gpu", check: () => Promise.resolve() }] } });
    expect((await app.inject("/ok")).json()).toEqual({ ok: true });
    expect((await app.inject("/livez")).json()).toEqual({ ok: true });
    const ready = await app.inject("/readyz");
    expect(ready.json()).toMatchObject({
      ok: true,
      checks: [
        { name: "store", ok: true },
        { name: "gpu", ok: true },
      ],
    });
  });

  it("answer 503 with the reason when a part does not work", async () => {
    const broken = { name: "gpu", check: () => Promise.reject(new Error("no node")) };
    const { app } = await start({ options: { readiness: [broken] } });
    const ready = await app.inject("/readyz");
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toMatchObject({ ok: false, checks: [{ ok: true }, { ok: false, error: "no node" }] });
  });

  it("describe every route in OpenAPI 3.1", async () => {
    const { app } = await start();
    const document = (await app.inject("/openapi.json")).json<{ openapi: string; paths: Record<string, object> }>();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/assistants/search",
        "/threads/{thread_id}/history",
        "/threads/{thread_id}/runs/stream",
        "/runs/wait",
      ]),
    );
  });

  it("show the documentation page from this server alone", async () => {
    const { app } = await start();
    const page = await app.inject("/docs/");
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).not.toContain("upgrade-insecure-requests");
    for (const [, file] of page.body.matchAll(/(?:src|href)="(\.\/[^"]+|\/docs[^"]+)"/g)) {
      const asset = await app.inject(new URL(file ?? "", "http://x/docs/").pathname);
      expect(`${file} ${asset.statusCode}`).toBe(`${file} 200`);
    }
  });

  it("count requests by route pattern, runs and streams", async () => {
    const { app } = await start();
    await app.inject({ method: "POST", url: "/runs/wait", payload: { assistant_id: "two_nodes", input: {} } });
    await app.inject({
      method: "POST",
      url: "/runs/wait",
      payload: { assistant_id: "behaving", input: { mode: "fail" } },
    });
    await app.inject(`/threads/${crypto.randomUUID()}`);
    const { body, headers } = await app.inject("/metrics");
    expect(headers["content-type"]).toContain("text/plain");
    expect(body).toContain('nemops_runs_total{graph_id="two_nodes",status="success"} 1');
    expect(body).toContain('nemops_runs_total{graph_id="behaving",status="error"} 1');
    expect(body).toContain('route="/threads/:thread_id",status="404"');
    for (const name of ["nemops_sse_clients 0", "nemops_run_queue_depth 0", "nemops_event_loop_lag_seconds"]) {
      expect(body).toContain(name);
    }
  });

  it("empties the stores in test mode only", async () => {
    const { app } = await start({ env: { NEMOPS_TEST_MODE: "1" } });
    await app.inject({ method: "POST", url: "/threads", payload: {} });
    const all = { runs: true, threads: true, assistants: true, checkpointer: true, store: true };
    expect((await app.inject({ method: "POST", url: "/internal/truncate", payload: all })).statusCode).toBe(200);
    expect((await app.inject({ method: "POST", url: "/threads/count", payload: {} })).json()).toBe(0);
    expect((await app.inject("/assistants/two_nodes")).statusCode).toBe(200);
    await server?.close();
    const other = await start();
    expect((await other.app.inject({ method: "POST", url: "/internal/truncate", payload: all })).statusCode).toBe(404);
  });
});

describe("an API key", () => {
  it("is asked for everywhere but at the probes, in either header", async () => {
    const { app } = await start({ env: { NEMOPS_API_KEY: "right" } });
    for (const url of ["/ok", "/livez", "/readyz", "/info"]) expect((await app.inject(url)).statusCode).toBe(200);
    const ask = async (headers: Record<string, string>) =>
      (await app.inject({ url: "/assistants/two_nodes", headers })).statusCode;
    expect(await ask({})).toBe(401);
    expect(await ask({ "x-api-key": "wrong" })).toBe(401);
    expect(await ask({ authorization: "Bearer wrong" })).toBe(401);
    expect(await ask({ "x-api-key": "right" })).toBe(200);
    expect(await ask({ authorization: "Bearer right" })).toBe(200);
    expect((await app.inject("/metrics")).statusCode).toBe(401);
    expect((await app.inject("/nowhere")).statusCode).toBe(401);
  });

  it("is needed to bind beyond loopback", () => {
    for (const host of ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost"]) {
      expect(() => checkBinding({ host, hasAuth: false })).not.toThrow();
    }
    for (const host of ["0.0.0.0", "::", "192.168.1.4", "nemops.example"]) {
      expect(() => checkBinding({ host, hasAuth: false })).toThrow(ServiceError);
      expect(() => checkBinding({ host, hasAuth: true })).not.toThrow();
    }
  });
});

describe("limits", () => {
  it("ends a run that takes too long with status timeout and says so", async () => {
    const { app } = await start({ env: { RUN_TIMEOUT_MS: "100" } });
    createGate("too long");
    const { thread_id: id } = (await app.inject({ method: "POST", url: "/threads", payload: {} })).json<{
      thread_id: string;
    }>();
    const answer = await app.inject({
      method: "POST",
      url: `/threads/${id}/runs/wait`,
      payload: { assistant_id: "behaving", input: { mode: "hang:too long" } },
    });
    expect(answer.json()).toMatchObject({ __error__: { error: "RunTimeout" } });
    expect((await app.inject(`/threads/${id}/runs`)).json()).toMatchObject([{ status: "timeout" }]);
    expect((await app.inject(`/threads/${id}`)).json()).toMatchObject({ status: "error" });
  });

  it("lets further runs wait for a free slot", async () => {
    const { app } = await start({ env: { MAX_CONCURRENT_RUNS: "1" } });
    const gate = createGate("slot");
    const first = app.inject({
      method: "POST",
      url: "/runs/wait",
      payload: { assistant_id: "behaving", input: { mode: "wait:slot" } },
    });
    const firstBody = first.then((response) => response.json<unknown>());
    await gate.reached;
    const second = app.inject({ method: "POST", url: "/runs/wait", payload: { assistant_id: "two_nodes", input: {} } });
    const secondBody = second.then((response) => response.json<unknown>());
    let metrics = "";
    for (let turn = 0; turn < 500 && !metrics.includes("nemops_run_queue_depth 1"); turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      metrics = (await app.inject("/metrics")).body;
    }
    expect(metrics).toContain("nemops_run_queue_depth 1");
    gate.open();
    expect(await firstBody).toMatchObject({ result: "waited" });
    expect(await secondBody).toEqual({ log: ["first", "second"] });
  });

  it("starts a delayed run when its time has come, and lets it be cancelled before", async () => {
    const { app } = await start();
    const thread = (await app.inject({ method: "POST", url: "/threads", payload: {} })).json<{ thread_id: string }>();
    const url = `/threads/${thread.thread_id}/runs`;
    const create = async (seconds: number): Promise<string> =>
      (
        await app.inject({
          method: "POST",
          url,
          payload: { assistant_id: "two_nodes", input: {}, after_seconds: seconds, multitask_strategy: "enqueue" },
        })
      ).json<{ run_id: string }>().run_id;
    const late = await create(3_600);
    const soon = await create(0.01);
    expect((await app.inject(`${url}/${soon}/join`)).json()).toEqual({ log: ["first", "second"] });
    expect((await app.inject(`${url}/${late}`)).json()).toMatchObject({ status: "pending" });
    await app.inject({ method: "POST", url: `${url}/${late}/cancel?wait=true` });
    expect((await app.inject(`${url}/${late}`)).json()).toMatchObject({ status: "interrupted" });
  });
});

describe("webhooks", () => {
  it("are told how the run ended", async () => {
    const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
    const receiver = createServer((request, response) => {
      let text = "";
      request.on("data", (part) => {
        text += String(part);
      });
      request.on("end", () => {
        response.end();
        resolve({ type: request.headers["content-type"], ...(JSON.parse(text) as object) });
      });
    });
    await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
    const { app } = await start({ env: { OUTBOUND_ALLOW_PRIVATE: "1" } });
    const run = await app.inject({
      method: "POST",
      url: "/runs/wait",
      payload: {
        assistant_id: "two_nodes",
        input: {},
        // A server that listens on TCP has an address object.
        webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
      },
    });
    expect(await promise).toMatchObject({
      type: "application/json",
      run_id: String(run.headers["content-location"]).replace("/runs/", ""),
      status: "success",
      values: { log: ["first", "second"] },
      run_started_at: expect.any(String),
      run_ended_at: expect.any(String),
    });
    receiver.close();
  });
});

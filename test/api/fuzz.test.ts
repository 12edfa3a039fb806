import { mkdtempSync, rmSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";
import { type Answer, createAnswerCheck, operationAt } from "./fuzz-answers.ts";
import { fuzzDictionary } from "./fuzz-dictionary.ts";
import { type FuzzRequest, type OpenApi, operationsOf, requestsOf } from "./fuzz-requests.ts";

/** The same requests on every run; another seed tries others. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261);
const REQUESTS_PER_OPERATION = Number(process.env["FUZZ_RUNS"] ?? 20);
/** Far above what any request takes: only one that never ends gets there. */
const HANG_MS = 15_000;
const MAX_GROWTH_BYTES = 700 * 2 ** 20;

let service: OpenService;
let home: string;
let port: number;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-fuzz-"));
  service = await openService({
    config: loadConfig({
      NEMOPS_HOME: home,
      LOG_LEVEL: "silent",
      LLM_PROVIDER: "offline",
      HEARTBEAT_MS: "100",
      RUN_TIMEOUT_MS: "5000",
      DATA_MAX_ROWS: "500",
      DATA_SQL_TIMEOUT_MS: "1000",
    }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on TCP has an address object.
  port = (service.app.server.address() as AddressInfo).port;
});
afterAll(async () => {
  agent.destroy();
  await service.close();
  rmSync(home, { recursive: true, force: true });
});

/** Sends what a client could put on the wire. An event stream is left after its first part, and so is a keep-alive. */
function send({ method, path: target, headers, body }: FuzzRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, agent, method, path: target, headers, timeout: HANG_MS },
      (incoming) => {
        const { statusCode: status = 0, headers: received } = incoming;
        const isStream = String(received["content-type"]).startsWith("text/event-stream");
        let text = "";
        const leave = (): void => {
          resolve({ status, headers: received, text, isWhole: false });
          incoming.destroy();
        };
        incoming.setEncoding("utf8");
        incoming.on("data", (part: string) => {
          text += part;
          if (isStream || text.trim() === "") leave();
        });
        incoming.on("end", () => resolve({ status, headers: received, text, isWhole: true }));
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${HANG_MS} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** What holds for every answer, whatever the document says. */
function check({ status, headers, text }: Answer): void {
  expect(status, text.slice(0, 500)).toSatisfy((code: number) => code < 500 || code === 501);
  expect(headers["set-cookie"]).toBeUndefined();
  if (status >= 400) expect(text).not.toMatch(/\bat .+\.(ts|js):\d+/);
}

/** The smallest request that failed, how, and how to see it again. */
function describeFailure({ counterexample, errorInstance }: fc.RunDetailsCommon<[FuzzRequest]>): string {
  const [sent] = counterexample ?? [];
  const shown = sent === undefined ? "" : JSON.stringify({ ...sent, body: sent.body?.slice(0, 300) });
  const reason = errorInstance instanceof Error ? errorInstance.message.slice(0, 500) : "";
  return `${shown.slice(0, 600)} ${reason} (FUZZ_SEED=${SEED} FUZZ_RUNS=${REQUESTS_PER_OPERATION})`;
}

describe(`requests of every kind (seed ${SEED})`, () => {
  it("are answered, told what is wrong, and harm nothing", { timeout: 120_000 }, async () => {
    const document = (await service.app.inject("/openapi.json")).json<OpenApi>();
    const dictionary = await fuzzDictionary(service.app);
    const before = process.memoryUsage.rss();
    const operations = operationsOf(document);
    const findProblem = createAnswerCheck(document);
    const failures: string[] = [];
    const accepted = new Set<string>();
    expect(operations.length).toBeGreaterThan(90);
    for (const operation of operations) {
      const property = fc.asyncProperty(requestsOf(operation, dictionary, document), async (sent) => {
        const answer = await send(sent);
        check(answer);
        // Not always the one that was meant; a part that is too long ends the way to all of them.
        const reached = answer.status === 414 ? undefined : operationAt(operations, sent.method, sent.path);
        const problem = findProblem(reached, answer);
        if (problem !== undefined) throw new Error(`${reached?.id ?? "no operation"} answered ${problem}`);
        if (answer.status < 300 && reached !== undefined) accepted.add(reached.id);
      });
      const result = await fc.check(property, { seed: SEED, numRuns: REQUESTS_PER_OPERATION });
      if (result.failed) failures.push(`${operation.id}: ${describeFailure(result)}`);
      expect(({} as { polluted?: string }).polluted, operation.id).toBeUndefined();
    }
    expect(failures).toEqual([]);
    const healthy = await send({ method: "GET", path: "/ok", headers: {}, body: undefined });
    expect(JSON.parse(healthy.text)).toEqual({ ok: true });
    // The generator is worth little when all it makes is turned away at the door.
    expect(accepted.size).toBeGreaterThan(operations.length * 0.8);
    expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH_BYTES);
  });

  it("are held against the document", async () => {
    const document = (await service.app.inject("/openapi.json")).json<OpenApi>();
    const findProblem = createAnswerCheck(document);
    const operations = operationsOf(document);
    const count = operationAt(operations, "POST", "/threads/count?x=1");
    const json = { "content-type": "application/json; charset=utf-8" };
    const problem = (status: number, text: string, headers: IncomingHttpHeaders = json): string | undefined =>
      findProblem(count, { status, headers, text, isWhole: true });
    expect(count?.id).toBe("countThreads");
    expect(problem(200, "3")).toBeUndefined();
    expect(problem(200, "0.5")).toContain("not what its schema says");
    expect(problem(200, "{")).toContain("cannot be read");
    expect(problem(200, "3", { "content-type": "text/plain" })).toContain("not declared as text/plain");
    expect(problem(409, "{}")).toContain("409 is not declared");
    expect(problem(422, "{}", { "content-type": "application/problem+json" })).toContain("not what its schema says");
    const removed = operationAt(operations, "DELETE", "/threads/search");
    expect(removed?.id).toBe("deleteThread");
    expect(findProblem(removed, { status: 204, headers: {}, text: "", isWhole: true })).toBeUndefined();
    expect(findProblem(removed, { status: 204, headers: {}, text: "{}", isWhole: true })).toContain("no body");
    expect(operationAt(operations, "GET", "/threads/%zz")).toBeUndefined();
  });
});

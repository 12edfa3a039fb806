import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { createGate } from "../support/test-graphs.ts";
import { SDKS } from "./clients.ts";

let server: TestApp;

beforeAll(async () => {
  server = await startTestApp({ isListening: true });
});
afterAll(() => server.close());

const start = async (threadId: string, params: object): Promise<string> => {
  const url = `/threads/${threadId}/commands`;
  const payload = { id: 1, method: "run.start", params };
  const answer = await server.app.inject({ method: "POST", url, payload });
  return answer.json<{ result: { run_id: string } }>().result.run_id;
};

describe.each(SDKS)("a thread whose id a front end made up, with $name", ({ name, connect }) => {
  const threadId = `chat-of-${name.replaceAll(/\W/g, "-")}`;

  it("is not found before its first run, which is what front ends expect", async () => {
    const { threads } = connect(server.url);
    await expect(threads.getState(`${threadId}-none`)).rejects.toThrow("HTTP 404: ");
    await expect(threads.get(`${threadId}-none`)).rejects.toThrow("HTTP 404: ");
  });

  it("is read, stopped and deleted as any other", async () => {
    const { threads, runs } = connect(server.url);
    await start(threadId, { assistant_id: "two_nodes", input: { log: [] } });
    await vi.waitFor(async () => expect((await threads.get(threadId)).status).toBe("idle"));
    expect(await threads.getState(threadId)).toMatchObject({ values: { log: ["first", "second"] } });
    expect(await threads.getHistory(threadId)).toHaveLength(4);
    await threads.updateState(threadId, { values: { log: ["by hand"] }, asNode: "second" });
    expect(await threads.get(threadId)).toMatchObject({ values: { log: ["first", "second", "by hand"] } });
    await threads.delete(threadId);
    await expect(threads.get(threadId)).rejects.toThrow("HTTP 404: ");
    expect(await threads.count()).toBe(0);

    const gate = createGate(name);
    const runId = await start(threadId, { assistant_id: "behaving", input: { mode: `hang:${name}` } });
    await gate.reached;
    await runs.cancel(threadId, runId, true);
    expect(await runs.get(threadId, runId)).toMatchObject({ thread_id: threadId, status: "interrupted" });
    expect(await runs.list(threadId)).toHaveLength(1);
    await threads.delete(threadId);
  });
});

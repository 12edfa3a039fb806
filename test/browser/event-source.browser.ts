import { type AddressInfo, type Socket, connect, createServer } from "node:net";

import { Client } from "@langchain/langgraph-sdk";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { CHROMIUM, Gate, talkingGraph } from "./support.ts";

/** A way to the server that can be cut, and what was sent through it. */
interface Wire {
  readonly url: string;
  readonly requests: readonly string[];
  cut(): void;
  close(): Promise<void>;
}

async function openWire(target: string): Promise<Wire> {
  const { port } = new URL(target);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer((socket) => {
    const onward = connect(Number(port), "127.0.0.1");
    sockets.add(socket);
    socket.on("data", (data) => requests.push(data.toString("latin1")));
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      onward.destroy();
    });
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // An address that a server on a port has.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What the page has heard: the id, the name and the data of each event. */
type Heard = readonly (readonly [id: string, name: string, data: string])[];

describe.skipIf(CHROMIUM === undefined)("a browser's own EventSource", () => {
  const gate = new Gate();
  let server: TestApp;
  let wire: Wire;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await startTestApp({ isListening: true, graphs: { talking: talkingGraph(gate) } });
    wire = await openWire(server.url);
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
    page = await browser.newPage();
    await page.goto(`${wire.url}/ok`);
  });
  afterAll(async () => {
    gate.open();
    await browser?.close();
    wire?.cut();
    await wire?.close();
    await server?.close();
  });

  const heard = (): Promise<Heard> => page.evaluate("globalThis.heard");

  it("follows a run over a connection that is lost in the middle", async () => {
    const client = new Client({ apiUrl: server.url, apiKey: null });
    const { thread_id: threadId } = await client.threads.create();
    const { run_id: runId } = await client.runs.create(threadId, "talking", {
      input: { messages: [{ role: "user", content: "talk" }] },
      streamMode: "messages-tuple",
      streamResumable: true,
    });
    await page.evaluate((url) => {
      const source = new EventSource(url);
      const all: (readonly [string, string, string])[] = [];
      Object.assign(globalThis, { heard: all });
      for (const name of ["metadata", "messages", "end"]) {
        source.addEventListener(name, (event) => {
          // These are messages of the server.
          const { lastEventId, data } = event as MessageEvent;
          all.push([lastEventId, name, String(data)]);
          if (name === "end") source.close();
        });
      }
    }, `${wire.url}/threads/${threadId}/runs/${runId}/stream?last_event_id=-1`);
    await vi.waitFor(async () => expect((await heard()).length).toBeGreaterThan(1), 15_000);
    wire.cut();
    gate.open();
    await vi.waitFor(async () => expect((await heard()).at(-1)?.[1]).toBe("end"), 15_000);
    const all = await heard();
    expect(all.map(([id]) => Number(id))).toEqual(all.map((_, index) => index));
    const words = all
      .filter(([, name]) => name === "messages")
      // The first of the pair is the chunk.
      .map(([, , data]) => (JSON.parse(data) as [{ content: string }])[0].content);
    expect(words.join("")).toContain("one two three four");
    expect(wire.requests.filter((request) => request.includes("/stream?"))).toEqual([
      expect.not.stringMatching(/last-event-id/i),
      expect.stringMatching(/last-event-id: \d+/i),
    ]);
  });
});

import { Client } from "@langchain/langgraph-sdk";
import { type Browser, type Page, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";
import { CHROMIUM, Gate, type Pages, servePages, talkingGraph } from "./support.ts";

const FRONT_ENDS = [
  { name: "@langchain/react over server-sent events", page: "thread-centric", transport: "sse" },
  { name: "@langchain/react over a WebSocket", page: "thread-centric", transport: "websocket" },
  { name: "useStream of SDK 1.15", page: "run-centric-15", transport: "sse" },
  { name: "useStream of SDK 2.0.0", page: "run-centric-2", transport: "sse" },
] as const;

if (CHROMIUM === undefined) {
  console.warn("test/browser is skipped: no browser at CHROMIUM_PATH or /usr/bin/chromium");
}

describe.skipIf(CHROMIUM === undefined)("front ends in a browser", () => {
  const gate = new Gate();
  let server: TestApp;
  let pages: Pages;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    server = await startTestApp({ isListening: true, graphs: { talking: talkingGraph(gate) } });
    pages = await servePages(["thread-centric", "run-centric-15", "run-centric-2"]);
    browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await pages?.close();
    await server?.close();
  });
  beforeEach(async () => {
    gate.close();
    page = await browser.newPage();
  });
  afterEach(async () => {
    gate.open();
    await page.close();
  });

  const see = (selector: string, text: string): Promise<void> =>
    vi.waitFor(async () => expect(await page.textContent(selector)).toBe(text), { timeout: 15_000, interval: 25 });
  const open = (name: string, transport: string): Promise<unknown> =>
    page.goto(`${pages.url}/${name}?api=${server.url}&assistant=talking&transport=${transport}`);

  describe.each(FRONT_ENDS)("$name", ({ page: name, transport }) => {
    it("shows an answer while it is spoken, and again after a reload in the middle", async () => {
      await open(name, transport);
      await page.click("#talk");
      await see("#messages", "human: talkai: one two ");
      await see("#state", "loading");
      await page.reload();
      await see("#messages", "human: talkai: one two ");
      gate.open();
      await see("#messages", "human: talkai: one two three four");
      await see("#state", "idle");
      expect(await page.textContent("#error")).toBe("");
    });

    it("asks, is asked again after a reload, and goes on with the answer of a button", async () => {
      await open(name, transport);
      await page.click("#ask");
      await see("#question", '{"question":"go on?"}');
      await page.reload();
      await see("#question", '{"question":"go on?"}');
      await page.click("#approve");
      await see("#messages", "human: askai: you said yes");
      await see("#question", "");
      await see("#state", "idle");
      expect(await page.textContent("#error")).toBe("");
    });

    it("stops the run on the server", async () => {
      await open(name, transport);
      await page.click("#talk");
      await see("#messages", "human: talkai: one two ");
      await page.click("#stop");
      await see("#state", "idle");
      const threadId = new URL(page.url()).searchParams.get("thread") ?? "";
      const client = new Client({ apiUrl: server.url });
      await vi.waitFor(async () => expect((await client.runs.list(threadId))[0]?.status).toBe("interrupted"));
      expect((await client.threads.get(threadId)).status).toBe("idle");
    });
  });
});

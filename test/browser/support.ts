import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { SimpleChatModel } from "@langchain/core/language_models/chat_models";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { AIMessage, AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { MessagesAnnotation, START, StateGraph, interrupt } from "@langchain/langgraph";
import { build } from "vite";

import { createTempFolder } from "../support/test-app.ts";

/** Where the browser is; undefined when there is none, and then the tests of this folder are skipped. */
export const CHROMIUM = [process.env["CHROMIUM_PATH"], "/usr/bin/chromium"].find(
  (file) => file !== undefined && existsSync(file),
);

/** Opens and closes; what is spoken waits behind it. */
export class Gate {
  #opened = Promise.withResolvers<void>();

  close(): void {
    this.#opened = Promise.withResolvers();
  }

  open(): void {
    this.#opened.resolve();
  }

  pass(signal: AbortSignal | undefined): Promise<void> {
    const stopped = Promise.withResolvers<void>();
    signal?.addEventListener("abort", () => stopped.reject(new Error("stopped")), { once: true });
    return Promise.race([this.#opened.promise, stopped.promise]);
  }
}

/** Says "one two", waits at the gate, and says "three four". */
class GatedModel extends SimpleChatModel {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    super({});
    this.#gate = gate;
  }

  override _llmType(): string {
    return "gated";
  }

  override async _call(): Promise<string> {
    return "one two three four";
  }

  override async *_streamResponseChunks(
    _messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    runManager?: Parameters<SimpleChatModel["_streamResponseChunks"]>[2],
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const text of ["one ", "two ", "three ", "four"]) {
      if (text === "three ") await this.#gate.pass(options.signal);
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk({ content: text }) });
      await runManager?.handleLLMNewToken(text);
    }
  }
}

/** Talks through the gate, or asks first when it is told to. */
export function talkingGraph(gate: Gate) {
  return new StateGraph(MessagesAnnotation)
    .addNode("model", async ({ messages }, config: RunnableConfig) => {
      if (messages.at(-1)?.text === "ask") {
        const answer = interrupt<{ question: string }, string>({ question: "go on?" });
        return { messages: [new AIMessage(`you said ${answer}`)] };
      }
      return { messages: [await new GatedModel(gate).invoke(messages, config)] };
    })
    .addEdge(START, "model")
    .compile();
}

export interface Pages {
  readonly url: string;
  close(): Promise<void>;
}

/** Bundles the pages of this folder and serves each of them under its name. */
export async function servePages(names: readonly string[]): Promise<Pages> {
  const folder = createTempFolder();
  const source = path.join(import.meta.dirname, "page");
  await build({
    configFile: false,
    root: source,
    logLevel: "error",
    define: { "process.env.NODE_ENV": JSON.stringify("production") },
    build: {
      outDir: folder.path,
      emptyOutDir: true,
      minify: false,
      modulePreload: false,
      rollupOptions: {
        input: Object.fromEntries(names.map((name) => [name, path.join(source, `${name}.ts`)])),
        output: { entryFileNames: "[name].js", chunkFileNames: "[name].js" },
      },
    },
  });
  const server = createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? "/", "http://localhost").pathname);
    if (names.includes(name)) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(`<!doctype html><div id="root"></div><script type="module" src="/${name}.js"></script>`);
      return;
    }
    readFile(path.join(folder.path, name)).then(
      (file) => response.setHeader("content-type", "text/javascript").end(file),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    // A server that listens on TCP has an address object.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      folder.remove();
    },
  };
}

import { closeSync, fsyncSync, openSync } from "node:fs";
import { Agent } from "node:http";
import path from "node:path";

import { newUuid } from "../../lib/ids.ts";
import { createCheckpointer } from "../../server/store/checkpointer.ts";
import { type Store, createStore } from "../../server/store/store.ts";
import { createThreads, send } from "./http.ts";
import { BENCH_PROJECT, startNemops } from "./nemops.ts";

const BATCH = 500;
/** Runs of the conversation that every stored thread is a copy of. */
const TURNS = 2;
const STATUSES = ["idle", "idle", "idle", "interrupted", "error"] as const;

/** Has the service make one conversation in a new home; its id is what `storeThreads` copies. */
export async function makeConversation(home: string): Promise<string> {
  const service = await startNemops({ project: BENCH_PROJECT, home });
  const agent = new Agent({ keepAlive: true });
  try {
    const [threadId = ""] = await createThreads(agent, service.url, 1);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const input = { messages: [{ role: "user", content: `question ${turn} `.repeat(20) }] };
      const body = JSON.stringify({ assistant_id: "chat", input });
      await send({ agent, url: `${service.url}/threads/${threadId}/runs/wait`, body });
    }
    return threadId;
  } finally {
    agent.destroy();
    await service.stop("SIGTERM");
  }
}

/**
 * Copies a conversation, with its runs and checkpoints, until `from` + 1 … `to` are stored. Owners, statuses and times differ,
 * as they do after weeks of use. No service may run on that home meanwhile.
 */
export async function storeThreads(home: string, templateId: string, from: number, to: number): Promise<void> {
  const store = await createStore({ path: path.join(home, "nemops.sqlite") });
  const checkpointer = createCheckpointer({ path: path.join(home, "checkpoints.sqlite") });
  try {
    for (let first = from; first < to; first += BATCH) {
      const copies = Array.from({ length: Math.min(BATCH, to - first) }, (_, index) => ({
        id: newUuid(),
        number: first + index,
      }));
      await storeRows(store, templateId, copies);
      for (const { id } of copies) await checkpointer.copyThread(templateId, id);
    }
  } finally {
    await checkpointer.close();
    await store.close();
  }
  // What is measured next must not wait for the gigabytes that the system still has to write.
  for (const name of ["nemops.sqlite", "checkpoints.sqlite"]) {
    const file = openSync(path.join(home, name), "r+");
    fsyncSync(file);
    closeSync(file);
  }
}

/** Who owns the thread of that number; a hundred threads are everybody's share. */
export function ownerOf(number: number): string {
  return `owner-${Math.floor(number / 100)}`;
}

async function storeRows(
  store: Store,
  templateId: string,
  copies: readonly { id: string; number: number }[],
): Promise<void> {
  const thread = await store.threads.get(templateId);
  const runs = await store.runs.list(templateId, {}, { limit: TURNS, offset: 0 });
  if (thread === undefined || runs.length !== TURNS) throw new Error("there is no conversation to copy");
  await store.transaction(async (tables) => {
    for (const { id, number } of copies) {
      const atMs = thread.createdAtMs - number * 1_000;
      const times = { createdAtMs: atMs, updatedAtMs: atMs, stateUpdatedAtMs: atMs };
      const metadata = { ...thread.metadata, owner: ownerOf(number), number };
      const status = STATUSES[number % STATUSES.length] ?? "idle";
      await tables.threads.insert({ ...thread, ...times, threadId: id, status, metadata });
      for (const run of runs) {
        await tables.runs.insert({ ...run, runId: newUuid(), threadId: id, createdAtMs: atMs, updatedAtMs: atMs });
      }
    }
  });
}

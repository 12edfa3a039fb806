import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import type { Clock } from "../../../lib/clock.ts";
import { createLog } from "../../../lib/log.ts";
import type { ProtocolThread } from "../../../server/protocol/protocol-thread.ts";
import { type ThreadHub, createThreadHub } from "../../../server/protocol/thread-hub.ts";
import type { ReplicaBus, ReplicaListener, ReplicaMessage } from "../../../server/replicas/bus.ts";
import { openStorage } from "../../../server/store/open-storage.ts";
import { type Store, createStore } from "../../../server/store/store.ts";
import { type TestPostgres, hasPostgres, startTestPostgres } from "../../support/postgres.ts";
import { createTempFolder } from "../../support/test-app.ts";

const ALL = { channels: ["custom", "lifecycle"] };
const custom = (payload: unknown) => ({
  method: "custom",
  params: { namespace: [], timestamp: 0, data: { payload } },
});
const running = {
  method: "lifecycle",
  params: { namespace: [], timestamp: 0, data: { event: "running", graph_name: "graph" } },
};

/** One process among those that share a database. */
interface Replica {
  readonly store: Store;
  readonly bus: ReplicaBus;
  close(): Promise<void>;
}

/** A clock on which those who wait are woken by hand. */
function createHandClock(): Clock & { wake(): void } {
  const sleeping = new Set<() => void>();
  let nowMs = 1_000_000;
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const wake = (): void => {
          nowMs += ms;
          resolve();
        };
        sleeping.add(wake);
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      }),
    wake() {
      const woken = [...sleeping];
      sleeping.clear();
      for (const wake of woken) wake();
    },
  };
}

const eventsOf = ({ log }: ProtocolThread): readonly { seq: number; json: string }[] =>
  log.read(-Infinity, [ALL], Infinity).events;
const payloadsOf = (thread: ProtocolThread): unknown[] =>
  eventsOf(thread).map(({ json }) => {
    const { params } = JSON.parse(json) as { params: { data: { payload?: unknown; event?: unknown } } };
    return params.data.payload ?? params.data.event;
  });

function describeReplicas(name: string, open: () => Promise<readonly [Replica, Replica]>): void {
  describe(`two processes on one ${name}`, () => {
    let replicas: readonly [Replica, Replica];
    let hubs: readonly [ThreadHub, ThreadHub];
    let sent: ReplicaMessage[];
    let isLossy: boolean;
    const clock = createHandClock();
    const threadId = "a thread";

    beforeEach(async () => {
      replicas = await open();
      sent = [];
      isLossy = false;
      const create = ({ store, bus }: Replica): ThreadHub => {
        const send = (message: ReplicaMessage): void => {
          sent.push(message);
          if (!isLossy) bus.send(message);
        };
        const recording = { send, listen: (listener: ReplicaListener) => bus.listen(listener) };
        return createThreadHub({ clock, log: createLog({ level: "silent" }), store, bus: recording });
      };
      hubs = [create(replicas[0]), create(replicas[1])];
    });
    afterEach(async () => {
      for (const hub of hubs) await hub.close();
      for (const replica of replicas) await replica.close();
    });

    it("show a reader at one what is written at the other, from the number it names and without gap or double", async () => {
      const writer = hubs[0].acquire(threadId).thread;
      for (const payload of [1, 2, 3]) writer.emit(custom(payload));
      await writer.flush();
      const { thread: reader, ready } = hubs[1].follow(threadId);
      await ready;
      expect(eventsOf(reader)).toEqual(eventsOf(writer));
      expect(reader.lastSeq).toBe(writer.lastSeq);
      const since = eventsOf(reader)[1]?.seq ?? 0;
      // Until the other has heard of the reader.
      await vi.waitFor(() => expect(hubs[0].isUsed(threadId)).toBe(true));
      for (let payload = 4; payload < 500; payload += 1) {
        writer.emit(custom(payload));
        if (payload % 7 === 0) await new Promise(setImmediate);
      }
      await writer.flush();
      await vi.waitFor(() => expect(payloadsOf(reader).at(-1)).toBe(499));
      expect(eventsOf(reader)).toEqual(eventsOf(writer));
      const rest = reader.log.read(reader.log.after(since), [ALL], Infinity).events;
      expect(rest.map(({ seq }) => seq)).toEqual(
        eventsOf(writer)
          .map(({ seq }) => seq)
          .slice(2),
      );
    });

    it("show a reader at each what both write", async () => {
      const threads: ProtocolThread[] = [];
      for (const hub of hubs) {
        const { thread, ready } = hub.follow(threadId);
        await ready;
        threads.push(thread);
      }
      await vi.waitFor(() => expect(sent.filter(({ kind }) => kind === "follow_thread")).toHaveLength(2));
      for (const thread of threads) {
        thread.emit(running, { runId: "run", unless: () => thread.hasRun("run") });
        for (let index = 0; index < 50; index += 1) thread.emit(custom(index));
      }
      await Promise.all(threads.map((thread) => thread.flush()));
      await vi.waitFor(() => {
        for (const thread of threads) expect(eventsOf(thread)).toHaveLength(101);
      });
      const [first, second] = threads.map(eventsOf);
      expect(first).toEqual(second);
    });

    it("find what a lost message would have told", async () => {
      isLossy = true;
      const { thread: reader, ready } = hubs[1].follow(threadId);
      await ready;
      const writer = hubs[0].acquire(threadId).thread;
      writer.emit(custom("told to nobody"));
      await writer.flush();
      await new Promise(setImmediate);
      expect(payloadsOf(reader)).toEqual([]);
      clock.wake();
      await vi.waitFor(() => expect(payloadsOf(reader)).toEqual(["told to nobody"]));
    });

    it("say nothing of threads whose readers are where they are written", async () => {
      const { thread, ready } = hubs[0].follow(threadId);
      await ready;
      for (let index = 0; index < 20; index += 1) {
        thread.emit(custom(index));
        await thread.flush();
      }
      expect(sent.map(({ kind }) => kind)).toEqual(["follow_thread"]);
      expect(hubs[1].isUsed("another thread")).toBe(false);
    });

    it("learn which threads are followed elsewhere, before anything is written to them", async () => {
      hubs[1].follow(threadId);
      await vi.waitFor(() => expect(hubs[0].isUsed(threadId)).toBe(true));
    });

    it("say how a run has ended whose process died before it said so", async () => {
      const { thread: writer } = hubs[0].acquire(threadId);
      writer.emit(running, { runId: "run" });
      await writer.flush();
      const { thread: reader, ready } = hubs[1].follow(threadId);
      await ready;
      expect(reader.hasEnded("run")).toBe(false);
      // No run of that id is stored: it was deleted.
      await vi.waitFor(() => {
        clock.wake();
        expect(payloadsOf(reader)).toEqual(["running", "interrupted"]);
      });
      expect(reader.hasEnded("run")).toBe(true);
    });
  });
}

describeReplicas("SQLite file, with messages in memory", async () => {
  const folder = createTempFolder();
  const listeners = new Set<ReplicaListener>();
  const bus: ReplicaBus = {
    send: (message) =>
      setImmediate(() => {
        for (const listener of listeners) listener(message);
      }),
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const open = async (): Promise<Replica> => {
    const store = await createStore({ path: `${folder.path}/nemops.sqlite` });
    return { store, bus, close: () => store.close() };
  };
  const second = async (): Promise<Replica> => {
    const replica = await open();
    const close = async (): Promise<void> => {
      await replica.close();
      folder.remove();
    };
    return { ...replica, close };
  };
  return [await open(), await second()];
});

describe.skipIf(!hasPostgres())("with a Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  describeReplicas("Postgres", async () => {
    const databaseUri = await postgres.createSchema();
    const open = (): Promise<Replica> => openStorage({ home: "", databaseUri });
    return [await open(), await open()];
  });
});

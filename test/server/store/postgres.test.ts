import { emptyCheckpoint } from "@langchain/langgraph-checkpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import { type Storage, openStorage } from "../../../server/store/open-storage.ts";
import { RunLostError } from "../../../server/store/run-lost-error.ts";
import { describeCheckpointer } from "../../contracts/checkpointer.ts";
import { describeHistories } from "../../contracts/histories.ts";
import { describeSaver } from "../../contracts/saver.ts";
import { describeStore } from "../../contracts/store.ts";
import { type TestPostgres, hasPostgres, schemaOf, startTestPostgres } from "../../support/postgres.ts";
import { createTestRun } from "../../support/test-run.ts";

describe.skipIf(!hasPostgres())("with a Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.stop());

  const open = async (): Promise<Storage> => {
    const databaseUri = await postgres.createSchema();
    return openStorage({ home: "", databaseUri });
  };

  describeStore("Postgres", open);
  describeCheckpointer("Postgres", open);
  describeSaver("@langchain/langgraph-checkpoint-postgres", open);
  describeHistories("Postgres", {
    async open(runs) {
      const { store, checkpointer, guard, ...storage } = await open();
      for (const runId of runs) await store.runs.insert(createTestRun({ runId, threadId: "any", owner: guard.owner }));
      return { ...checkpointer, close: () => storage.close() };
    },
    hasUniqueVersions: true,
    numRuns: 20,
  });

  it("refuses what a process writes of a run that another one has", async () => {
    const storage = await open();
    const { store, checkpointer, guard } = storage;
    const run = createTestRun({ runId: newUuid(), threadId: newUuid(), owner: guard.owner });
    await store.runs.insert(run);
    const config = {
      configurable: { thread_id: run.threadId, checkpoint_ns: "" },
      metadata: { run_id: run.runId },
    };
    const metadata = { source: "input", step: -1, parents: {} } as const;
    const put = () => checkpointer.saver.put(config, { ...emptyCheckpoint(), id: newUuid() }, metadata, {});
    const stored = await put();
    const written = { ...stored, metadata: config.metadata };
    await checkpointer.saver.putWrites(written, [["log", "mine"]], newUuid());
    await store.runs.release([run.runId], guard.owner);
    expect(await store.runs.claim([run.runId], "another process", Date.now())).toHaveLength(1);
    await expect(put()).rejects.toThrow(RunLostError);
    await expect(checkpointer.saver.putWrites(written, [["log", "theirs"]], newUuid())).rejects.toThrow(RunLostError);
    const tuple = await checkpointer.saver.getTuple(config);
    expect(tuple?.config).toEqual(stored);
    expect(tuple?.pendingWrites?.map(([, , value]) => value)).toEqual(["mine"]);
    await storage.close();
  });

  it("makes its tables once when several processes start on an empty database", async () => {
    const databaseUri = await postgres.createSchema();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openStorage({ home: "", databaseUri })));
    for (const storage of opened) {
      expect(await storage.store.threads.count({})).toBe(0);
      await storage.close();
    }
  });

  it("makes its tables while others in the database make and drop schemas of theirs", async () => {
    const ending = new AbortController();
    const churn = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const uri = await postgres.createSchema();
        await postgres.query(`create table ${schemaOf(uri)}.theirs (id serial)`);
        await postgres.dropSchema(uri);
      }
    };
    const churning = Promise.all([churn(), churn()]);
    try {
      for (let count = 0; count < 8; count += 1) {
        const storage = await open();
        expect(await storage.store.threads.count({})).toBe(0);
        await storage.close();
      }
    } finally {
      ending.abort();
      await churning;
    }
  });

  it("tells what is wrong with a URI without its password", async () => {
    const wrong = new URL(await postgres.createSchema());
    wrong.pathname = "/nowhere";
    wrong.password = "hunter2";
    const failure = await openStorage({ home: "", databaseUri: wrong.href }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ code: "storage_failed" });
    expect(String(failure)).toContain("DATABASE_URI");
    expect(String(failure)).not.toContain("hunter2");
  });
});

it("says that a database cannot be reached", async () => {
  // Nothing listens on the port of discarded data.
  const databaseUri = "postgres://user:hunter2@127.0.0.1:9/name";
  const failure = await openStorage({ home: "", databaseUri }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "storage_failed" });
  expect(String(failure)).toContain("127.0.0.1:9/name: it cannot be reached");
  expect(String(failure)).not.toContain("hunter2");
});

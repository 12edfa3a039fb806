import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, expect, it } from "vitest";

import { CONFIG, collect, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type EmbeddedHome, datasetRows, openHome, waitUntil } from "./open-designer.ts";

const SCRIPT = fileURLToPath(new URL("run-designer.ts", import.meta.url));

let home: EmbeddedHome;
let children: ChildProcess[];
beforeEach(() => {
  home = openHome();
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await home.cleanUp();
});

interface Child {
  /** Answers the next line of the process. */
  next(): Promise<unknown>;
  /** Ends the process and waits until it is gone. */
  kill(): Promise<void>;
  /** Tells the process to close its designer, and waits until it has. */
  close(): Promise<number | null>;
}

function startProcess(...args: readonly (string | number)[]): Child {
  const child = spawn(process.execPath, [SCRIPT, home.home, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the process has ended");
      return JSON.parse(value) as unknown;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    close: () => {
      child.stdin.end();
      return exited;
    },
  };
}

it("goes on after kill -9 with the row groups that are finished, to the rows of a job that was never stopped", async () => {
  const child = startProcess(2, 1_000, 11);
  // It writes the ids first.
  const [id = "", waiting = ""] = (await child.next()) as string[];
  expect(await child.next()).toMatchObject({ id, rows: expect.any(Number) as number });
  await child.kill();

  const designer = home.open({ maxJobs: 1 });
  expect((await designer.job(id)).status).toBe("active");
  expect((await waitUntilEnded(designer, id)).status).toBe("completed");
  const events = await collect(designer.events(id, { after: 0, signal: AbortSignal.timeout(10_000) }));
  const starts = events.filter(({ type }) => type === "run_started").map(({ data }) => Number(data["resumed_rows"]));
  expect(starts).toHaveLength(2);
  expect(starts[0]).toBe(0);
  expect(starts[1]).toBeGreaterThan(0);

  const whole = await designer.createJob({ config: CONFIG, numRecords: 1_000, seed: 11, rowGroupSize: 500 });
  expect((await waitUntilEnded(designer, waiting)).status).toBe("completed");
  expect((await waitUntilEnded(designer, whole.id)).status).toBe("completed");
  const rows = await datasetRows(designer, whole.id);
  expect(rows).toHaveLength(1_000);
  expect(await datasetRows(designer, id)).toEqual(rows);
  expect(await datasetRows(designer, waiting)).toEqual(rows);
});

it("finishes the cancelling of a process that was killed", async () => {
  const child = startProcess(1, 9_000, 3);
  const [id = ""] = (await child.next()) as string[];
  expect(await child.next()).toMatchObject({ id });
  await child.kill();
  const designer = home.open();
  await designer.cancel(id);
  const job = await waitUntilEnded(designer, id);
  expect(job.status).toBe("cancelled");
});

it("runs each job once when two processes share a home, and takes over when one of them closes", async () => {
  const [one, two] = [startProcess(3, 50, 5), startProcess(3, 50, 5)];
  const ids = [...((await one.next()) as string[]), ...((await two.next()) as string[])];
  const designer = home.open();
  for (const id of ids) {
    expect((await waitUntilEnded(designer, id)).status).toBe("completed");
    const events = await collect(designer.events(id, { after: 0, signal: AbortSignal.timeout(10_000) }));
    expect(events.filter(({ data }) => data["status"] === "active")).toHaveLength(1);
  }
  expect(await Promise.all([one.close(), two.close()])).toEqual([0, 0]);
  const { id } = await designer.createJob({ config: CONFIG, numRecords: 10, seed: 5 });
  await waitUntilEnded(designer, id);
  expect((await designer.job(id)).status).toBe("completed");
});

it("cancels a job that another process works on", async () => {
  const child = startProcess(1, 9_000, 3);
  const [id = ""] = (await child.next()) as string[];
  expect(await child.next()).toMatchObject({ id });
  const designer = home.open();
  await designer.cancel(id);
  await waitUntil(async () => (await designer.job(id)).status === "cancelled");
  expect((await datasetRows(designer, id)).length).toBeGreaterThan(0);
  await designer.delete(id);
  expect((await designer.list({ page: 1, pageSize: 10, sort: "created_at" })).total).toBe(0);
});

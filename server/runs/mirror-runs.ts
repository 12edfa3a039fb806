import type { Log } from "../../lib/log.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { RunEventEntry } from "../store/run-events.ts";
import type { RunProgress } from "../store/run-ownership.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { serialize } from "../wire/serialize.ts";
import { type EventLog, createEventLog } from "./event-log.ts";
import type { EventWriter } from "./event-writer.ts";
import type { LiveRun, LiveRuns, RunResult } from "./live-runs.ts";
import { appendStored } from "./open-run.ts";
import { isFinished } from "./run-status.ts";
import { gapFrame } from "./sse.ts";
import { readStoredResult } from "./stored-result.ts";

/** Runs that other processes execute, as readers here see them. */
export interface RunMirrors {
  /** Follows a run from now on, with all of its events that are kept; undefined when it has ended. */
  follow(runId: string): Promise<LiveRun | undefined>;
  /** The same for a run whose row says that it is followed, so that its owner stores its events. */
  adopt(run: Run): LiveRun;
  /** Further events of a run are stored. */
  read(runId: string): Promise<void>;
  /** Looks for what messages may have missed. */
  poll(): Promise<void>;
}

/** Reading what is stored of one run. */
interface Turn {
  /** Something was stored since it began. */
  isAgain: boolean;
  /** Whether all was read. */
  done: Promise<boolean>;
}

export interface RunMirrorsOptions {
  readonly store: Store;
  readonly runs: LiveRuns;
  readonly bus: ReplicaBus;
  /** This process, for the owners of runs. */
  readonly follower: () => string;
  readonly log: Log;
}

/** Runs asked for in one statement. */
const RUNS_PER_POLL = 500;

export function createRunMirrors({ store, runs, bus, follower, log }: RunMirrorsOptions): RunMirrors {
  /** Reads under way, and whether there is more to read after them. */
  const reading = new Map<string, Turn>();

  const adopt = (run: Run): LiveRun => {
    const former = runs.get(run.runId);
    const { promise, resolve } = Promise.withResolvers<RunResult>();
    const mirror: LiveRun = {
      run,
      graphId: "",
      owner: "",
      isElsewhere: true,
      isRecovered: false,
      status: run.status,
      startedAtMs: run.createdAtMs,
      log: former === undefined || former.log.isEnded ? createEventLog({ onResize: runs.onResize }) : former.log,
      writer: NO_WRITER,
      abort: new AbortController(),
      stopReason: undefined,
      settled: former?.settled ?? promise,
      settle: former?.settle ?? resolve,
    };
    runs.add(mirror);
    return mirror;
  };

  const end = (mirror: LiveRun, result: RunResult, farewell = ""): void => {
    if (mirror.log.isEnded || runs.get(mirror.run.runId) !== mirror) return;
    mirror.status = result.status;
    mirror.log.end(farewell);
    mirror.settle(result);
    runs.retire(mirror, { isReachable: true });
  };

  /** Adds what is stored; ends the mirror when the result is there. */
  const readEvents = async (mirror: LiveRun): Promise<void> => {
    const stored = await store.runEvents.read(mirror.run.runId, mirror.log.lastId);
    // This process may have taken the run meanwhile.
    if (runs.get(mirror.run.runId) !== mirror) return;
    appendStored(mirror.log, stored);
    const result = stored.findLast((batch) => batch.result !== undefined)?.result;
    // Written by the owner from the same type.
    if (result !== undefined) end(mirror, JSON.parse(result) as RunResult);
  };

  const readAll = async (mirror: LiveRun, turn: Turn): Promise<boolean> => {
    try {
      while (turn.isAgain) {
        turn.isAgain = false;
        await readEvents(mirror);
      }
      return true;
    } catch (error) {
      log.warn({ run_id: mirror.run.runId, err: error }, "events of a run elsewhere not read");
      return false;
    } finally {
      reading.delete(mirror.run.runId);
    }
  };

  /** False when they could not be read. */
  const read = async (runId: string): Promise<boolean> => {
    const mirror = runs.get(runId);
    if (mirror === undefined || !mirror.isElsewhere || mirror.log.isEnded) return true;
    const underWay = reading.get(runId);
    if (underWay !== undefined) {
      underWay.isAgain = true;
      return underWay.done;
    }
    const turn: Turn = { isAgain: true, done: Promise.resolve(true) };
    reading.set(runId, turn);
    turn.done = readAll(mirror, turn);
    return turn.done;
  };

  /** A run whose result is not with its events: it was deleted, or ended while nobody was known to follow it. */
  const endUntold = async (mirror: LiveRun, progress: RunProgress | undefined): Promise<void> => {
    if (mirror.log.isEnded) return;
    const { run } = mirror;
    const gone: RunResult = run.isTemporary ? NOT_KEPT : { status: "interrupted", body: "{}" };
    const result =
      progress === undefined || run.isTemporary
        ? gone
        : await readStoredResult(store, { threadId: run.threadId, status: progress.status });
    // This process may have taken the run meanwhile.
    if (mirror.log.isEnded || runs.get(run.runId) !== mirror) return;
    // Readers of a run without events learn how it ended, whatever id they go on from.
    if (mirror.log.lastId < 0) end(mirror, result, toFrame(lastEventOf(result)));
    else if (hasLastEvent(mirror.log)) end(mirror, result);
    else if (progress === undefined) {
      mirror.log.append(...lastEventOf(result));
      end(mirror, result);
    } else end(mirror, result, gapFrame(mirror.log.lastId));
  };

  const look = async (mirror: LiveRun, progress: RunProgress | undefined): Promise<void> => {
    const hasEnded = progress === undefined || isFinished(progress.status);
    const isBehind = hasEnded || progress.lastSeq > mirror.log.lastId;
    if (isBehind && !(await read(mirror.run.runId))) return;
    if (hasEnded) await endUntold(mirror, progress);
    else if (!mirror.log.isEnded) mirror.status = progress.status;
  };

  return {
    adopt,
    async read(runId) {
      await read(runId);
    },
    async follow(runId) {
      const known = runs.get(runId);
      if (known !== undefined) return known;
      const run = await store.runs.follow(runId, follower());
      const meanwhile = runs.get(runId);
      if (run === undefined || meanwhile !== undefined) return meanwhile;
      bus.send({ kind: "follow", runId });
      const mirror = adopt(run);
      await read(runId);
      return mirror;
    },
    async poll() {
      const mirrors = runs.elsewhere();
      for (let from = 0; from < mirrors.length; from += RUNS_PER_POLL) {
        const some = mirrors.slice(from, from + RUNS_PER_POLL);
        const found = await store.runs.progressOf(some.map(({ run }) => run.runId));
        const byId = new Map(found.map((progress) => [progress.runId, progress]));
        await Promise.all(some.map((mirror) => look(mirror, byId.get(mirror.run.runId))));
      }
    },
  };
}

/** The stored events of a resumable run have its end also where nobody was to be told of the result. */
function hasLastEvent(log: EventLog): boolean {
  const last = log.entries(log.lastId - 1, 1).entries[0]?.[0];
  return last === "end" || last === "error";
}

function lastEventOf({ status, body }: RunResult): RunEventEntry {
  // The body is ours.
  const { __error__: error } = JSON.parse(body) as { readonly __error__?: unknown };
  const isError = status === "error" || status === "timeout";
  return isError && error !== undefined ? ["error", serialize(error)] : ["end", "null"];
}

function toFrame([event, dataJson]: RunEventEntry): string {
  return `event: ${event}\ndata: ${dataJson}\n\n`;
}

/** A stateless run that was taken over and ended before this process asked; its state went with it. */
const NOT_KEPT: RunResult = {
  status: "error",
  body: serialize({
    __error__: { error: "RunTakenOver", message: "another server has executed the run, and its result is not kept" },
  }),
};

/** Of a run that this process does not execute. */
const NO_WRITER: EventWriter = {
  append: () => undefined,
  flush: () => Promise.resolve(),
  publish: () => undefined,
  stage: () => Promise.resolve(),
  reveal: () => undefined,
  close: () => undefined,
  isStored: true,
};

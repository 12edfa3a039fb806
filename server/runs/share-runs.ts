import type { Clock } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ReplicaBus } from "../replicas/bus.ts";
import type { RunGuard } from "../store/run-guard.ts";
import type { OwnedRun } from "../store/run-ownership.ts";
import type { Run } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { LiveRun, LiveRuns, StopReason } from "./live-runs.ts";
import type { RunMirrors } from "./mirror-runs.ts";

export interface ShareRunsOptions {
  readonly store: Store;
  readonly guard: RunGuard;
  readonly bus: ReplicaBus;
  readonly runs: LiveRuns;
  readonly mirrors: RunMirrors;
  readonly clock: Clock;
  readonly log: Log;
  /** How many runs more this process would execute now. */
  readonly room: () => number;
  readonly takeUp: (run: Run) => Promise<void>;
  readonly stop: (live: LiveRun, reason: StopReason) => void;
  /** Webhooks may be there that their process has left. */
  readonly onReap: () => void;
}

export interface SharedRuns {
  /** A run waits for an owner. */
  wake(): void;
  /** There is room for one run more. */
  onRoom(): void;
  /** Runs wait that this process would take if it had room. */
  readonly hasBacklog: boolean;
  /** The process is about to stop: it takes no further runs, but hears what others want of those it has. */
  stopClaiming(): void;
  /** Leaves a run to others that this process has but does not execute, as soon as the store takes that. */
  abandon(owned: OwnedRun): void;
  close(): Promise<void>;
}

/** For a process that has the runs to itself: it has them all from the start. */
export const UNSHARED: SharedRuns = {
  wake: () => undefined,
  onRoom: () => undefined,
  hasBacklog: false,
  stopClaiming: () => undefined,
  abandon: () => undefined,
  close: async () => {},
};

/** How long a lost message may go unnoticed. */
const POLL_MS = 1_000;
const REAP_MS = 5_000;
const RUNS_PER_CLAIM = 50;

/** What a process does for the runs that it shares with others: claims those that nobody has, and hears what others want. */
export function shareRuns(options: ShareRunsOptions): SharedRuns {
  const { store, guard, bus, runs, mirrors, clock, log, room, takeUp, stop } = options;
  const closing = new AbortController();
  const abandoned = new Map<string, OwnedRun>();
  /** Runs that are this process's by their rows and that it was not executing when it looked last. */
  let strays: readonly string[] = [];
  let waking = new AbortController();
  /** A run may wait that this process can claim; or may wait once it has room. */
  let mayWait = true;
  let mayWaitForRoom = false;
  let hasNotices = false;
  let isClaiming = true;
  let reapedAtMs = -Infinity;

  const heed = async (): Promise<void> => {
    if (runs.unfinished().length === 0) return;
    for (const { runId, stopRequested, isFollowed } of await store.runs.noticesFor(guard.owner)) {
      const live = runs.get(runId);
      if (live === undefined || live.isElsewhere) continue;
      if (isFollowed) live.writer.publish();
      if (stopRequested !== null) stop(live, stopRequested);
    }
  };

  const claim = async (): Promise<void> => {
    for (let limit = room(); limit > 0; limit = room()) {
      if (!isClaiming) return;
      const nowMs = clock.now();
      const { owner } = guard;
      const wanted = Math.min(limit, RUNS_PER_CLAIM);
      const claimed = await store.transaction(async (tables) => {
        const ids = await tables.runs.lockClaimable(nowMs, wanted);
        return tables.runs.claim(ids, owner, nowMs);
      });
      // One that others took for dead would execute them beside whoever gets them next.
      if (claimed.length > 0 && !(await guard.isAlive())) return;
      for (const run of claimed) {
        try {
          await takeUp(run);
        } catch (error) {
          log.warn(
            { run_id: run.runId, reason: errorMessage(error) },
            "run not taken up; it is left to the next who asks",
          );
          abandoned.set(run.runId, { runId: run.runId, owner });
        }
      }
      if (claimed.length < wanted) {
        mayWaitForRoom = false;
        return;
      }
    }
    mayWaitForRoom = true;
  };

  const reap = async (): Promise<void> => {
    if (clock.now() - reapedAtMs < REAP_MS) return;
    reapedAtMs = clock.now();
    await releaseStrays();
    if (await guard.reap()) bus.send({ kind: "waiting" });
    options.onReap();
  };

  const releaseAbandoned = async (): Promise<void> => {
    for (const [runId, { owner }] of abandoned) {
      await store.runs.release([runId], owner);
      abandoned.delete(runId);
    }
  };

  /** What the store took although this process heard of a failure. One that was accepted just now is no stray yet. */
  const releaseStrays = async (): Promise<void> => {
    const { owner } = guard;
    const owned = await store.runs.ownedBy(owner);
    const executed = new Set(runs.unfinished().map(({ run }) => run.runId));
    const found = owned.filter((runId) => !executed.has(runId));
    const left = found.filter((runId) => strays.includes(runId));
    strays = found;
    if (left.length > 0) log.warn({ run_ids: left }, "runs that nobody executes are left to the next who asks");
    await store.runs.release(left, owner);
  };

  const loop = async (): Promise<void> => {
    let polledAtMs = -Infinity;
    while (!closing.signal.aborted) {
      waking = new AbortController();
      const isPoll = clock.now() - polledAtMs >= POLL_MS;
      try {
        if (isPoll) {
          polledAtMs = clock.now();
          await releaseAbandoned();
          await reap();
          await mirrors.poll();
        }
        if (isPoll || hasNotices) {
          hasNotices = false;
          await heed();
        }
        if (isPoll || mayWait) {
          mayWait = false;
          await claim();
        }
      } catch (error) {
        if (!closing.signal.aborted) log.warn({ reason: errorMessage(error) }, "runs of other replicas not looked at");
      }
      const waitMs = Math.max(0, polledAtMs + POLL_MS - clock.now());
      await clock.sleep(waitMs, AbortSignal.any([closing.signal, waking.signal])).catch(() => undefined);
    }
  };

  const wake = (): void => {
    mayWait = true;
    waking.abort(new Error("a run waits"));
  };
  const look = (): void => {
    hasNotices = true;
    waking.abort(new Error("somebody wants something of a run"));
  };
  const unlisten = bus.listen((message) => {
    switch (message.kind) {
      case "waiting":
        wake();
        break;
      case "events":
        void mirrors.read(message.runId);
        break;
      case "follow":
      case "stop":
        if (runs.get(message.runId)?.isElsewhere === false) look();
        break;
      case "stop_thread":
        for (const live of runs.unfinished()) if (live.run.threadId === message.threadId) stop(live, "cancel");
        break;
      case "missed":
        look();
        wake();
        void mirrors.poll().catch(() => undefined); // The next turn looks again.
        break;
      case "thread_events":
      case "follow_thread":
    }
  });
  guard.onLost((reason) => {
    log.error({ reason }, "runs lost");
    for (const live of runs.unfinished()) if (live.owner !== guard.owner) stop(live, "lost");
    wake();
  });
  const ended = loop();

  return {
    wake,
    onRoom: () => {
      if (mayWaitForRoom) wake();
    },
    get hasBacklog() {
      return mayWaitForRoom;
    },
    stopClaiming: () => {
      isClaiming = false;
    },
    abandon: (owned) => {
      abandoned.set(owned.runId, owned);
    },
    close() {
      isClaiming = false;
      closing.abort(new Error("the process stops"));
      unlisten();
      return ended;
    },
  };
}

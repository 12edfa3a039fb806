import type { ProtocolEvent } from "@langchain/langgraph/stream";

import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { OwnedRun } from "../store/run-ownership.ts";
import type { ThreadEventStore } from "../store/thread-events.ts";
import { serialize } from "../wire/serialize.ts";
import { type EventAddress, addressOf } from "./event-filter.ts";
import { decodeEvents, encodeEvents } from "./stored-events.ts";
import type { ThreadEvent } from "./thread-log.ts";

/** Time between two batches of a thread, unless somebody waits: a graph that streams in every turn is not a row a turn. */
const PACE_MS = 25;
/** What one statement stores at most. */
const MAX_BATCH_CHARS = 1024 * 1024;
/** What waits to be stored at most. Beyond it the oldest go, as they would from the log. */
const MAX_WAITING_CHARS = 16 * 1024 * 1024;
/** Each time that another process was first, it has written; so many times in a row mean that something is wrong. */
const MAX_ATTEMPTS = 20;
/** Stored events that the log no longer has are deleted after so many new ones. */
const TRIM_EVENTS = 5_000;
const TRIM_CHARS = 8 * 1024 * 1024;
const NUMBERS_PER_MS = 1_000;
/** How far the clocks of processes on one database may be apart where nothing stored tells what comes next. */
const MAX_SKEW_MS = 10_000;

export interface EmitOptions {
  /** Root life-cycle events name their run in the id, by which clients tell runs apart. */
  readonly runId?: string;
  /** Asked when everything before the event has been shown; the event is left out when it says so. */
  readonly unless?: () => boolean;
  /**
   * The run that the event is of, and the process it must still belong to when the event is stored; else the event is left
   * out. Undefined, also as an answer, when it does not matter.
   */
  readonly owned?: (() => OwnedRun | undefined) | undefined;
}

export interface ThreadWriter {
  emit(event: Pick<ProtocolEvent, "method" | "params">, options?: EmitOptions): void;
  /** Resolves when everything emitted before is shown. Never rejects. */
  flush(): Promise<void>;
  /** The same, and whatever other processes or a former one have stored is shown, too. Throws `storage_failed`. */
  sync(): Promise<void>;
  /** Number of the newest event shown; 0 when there is none. */
  readonly shownSeq: number;
  /** The same, or a number below all to come when there is none. */
  readonly lastSeq: number;
}

export interface ThreadWriterOptions {
  readonly threadId: string;
  readonly events: ThreadEventStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether other processes may write to the thread. */
  readonly isShared: boolean;
  readonly show: (event: ThreadEvent) => void;
  /** Number of the oldest event that the log has; those before it need not be kept. */
  readonly firstSeq: () => number;
  /** Told after each batch of one's own. */
  readonly onStored: (lastSeq: number) => void;
}

/** An event that has no number yet. */
interface Draft extends EmitOptions {
  readonly address: EventAddress;
  readonly method: string;
  readonly paramsJson: string;
}

/**
 * Numbers the events of a thread, stores them and then shows them. Stored first, because only the database can tell whether
 * a number is free while another process writes to the thread, and because a number that a client has seen must never mean
 * something else after a crash; so whatever a client names as its last event, the ones after it are stored or were never
 * sent. What comes in one turn of the event loop, or in a few milliseconds of a busy stream, is one row; while the database
 * is slow the rows grow instead of becoming more. Runs do not wait for it but at their end.
 *
 * When the database fails, events are shown without being stored: whoever follows now is served, a later reader is not.
 */
export function createThreadWriter(options: ThreadWriterOptions): ThreadWriter {
  const { threadId, events, clock, log, isShared, show } = options;
  let waiting: Draft[] = [];
  let waitingChars = 0;
  let isScheduled = false;
  /** When the last batch was begun. */
  let begunAtMs = -Infinity;
  let tail: Promise<unknown> = Promise.resolve();
  /** One that has not begun, which serves all who ask until it does. */
  let queuedSync: Promise<void> | undefined;
  /** Number of the newest stored event as far as is known; 0 when there is none. */
  let storedSeq = 0;
  /** Greater than `storedSeq` only while the database fails. */
  let shownSeq = 0;
  let isLoaded = false;
  let isFailing = false;
  let untrimmed = { events: 0, chars: 0 };
  const floor = (clock.now() - MAX_SKEW_MS) * NUMBERS_PER_MS;

  /** One after the other, so that events are numbered in the order they are shown in. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  };
  const showAll = (shown: readonly ThreadEvent[]): void => {
    for (const event of shown) {
      if (event.seq <= shownSeq) continue;
      shownSeq = event.seq;
      show(event);
    }
  };

  /** Shows what is stored and not yet shown. */
  const catchUp = async (): Promise<void> => {
    for (const batch of await events.read(threadId, shownSeq)) {
      storedSeq = batch.lastSeq;
      showAll(decodeEvents(batch.events));
    }
    isLoaded = true;
  };

  /** Shows the events with the numbers they have been stored under. */
  const store = async (drafts: readonly Draft[]): Promise<void> => {
    let numbered: readonly ThreadEvent[] = [];
    const owned = drafts[0]?.owned?.();
    try {
      if (!isLoaded) await catchUp();
      for (let attempt = 0; ; attempt += 1) {
        if (drafts[0]?.unless?.() === true) return;
        numbered = number(drafts, shownSeq, clock.now());
        const lastSeq = numbered.at(-1)?.seq ?? shownSeq;
        const batch = { afterSeq: storedSeq, lastSeq, events: encodeEvents(numbered) };
        if (await events.append(threadId, batch, clock.now(), owned)) {
          storedSeq = lastSeq;
          isFailing = false;
          showAll(numbered);
          options.onStored(lastSeq);
          trim(numbered.length, batch.events.length);
          return;
        }
        // Its next owner tells what the run does.
        if (owned !== undefined && !(await events.isOwned(owned))) return;
        if (attempt === MAX_ATTEMPTS) throw new Error(`other processes were first ${MAX_ATTEMPTS} times in a row`);
        const before = shownSeq;
        await catchUp();
        // Nothing new: what there was has been swept, or deleted with the thread.
        if (shownSeq === before) storedSeq = (await events.newest([threadId])).get(threadId) ?? 0;
      }
    } catch (error) {
      if (!isFailing) log.warn({ thread_id: threadId, err: error }, "events of a thread are not stored");
      isFailing = true;
      if (drafts[0]?.unless?.() === true) return;
      // The same numbers if they are still free: the statement may have been done although it failed.
      const isFree = (numbered[0]?.seq ?? 0) > shownSeq;
      showAll(isFree ? numbered : number(drafts, shownSeq, clock.now()));
    }
  };

  const trim = (count: number, chars: number): void => {
    untrimmed = { events: untrimmed.events + count, chars: untrimmed.chars + chars };
    if (untrimmed.events < TRIM_EVENTS && untrimmed.chars < TRIM_CHARS) return;
    untrimmed = { events: 0, chars: 0 };
    events
      .deleteBefore(threadId, options.firstSeq())
      .catch((error: unknown) => log.debug({ thread_id: threadId, err: error }, "old events of a thread not freed"));
  };

  const storeWaiting = async (): Promise<void> => {
    const drafts = waiting;
    // Those who only ask whether something waits hold nothing up.
    if (drafts.length > 0) begunAtMs = clock.now();
    waiting = [];
    waitingChars = 0;
    isScheduled = false;
    for (let from = 0; from < drafts.length;) {
      const batch = takeBatch(drafts, from);
      from += batch.length;
      await store(batch);
    }
  };

  return {
    emit({ method, params }, emitOptions = {}) {
      const address = addressOf({ method, params });
      if (address === undefined) return;
      const paramsJson = serialize(params);
      waiting.push({ ...emitOptions, address, method, paramsJson });
      waitingChars += paramsJson.length;
      if (waitingChars > MAX_WAITING_CHARS) {
        // How runs stand is always told.
        const half = waiting.length / 2;
        waiting = waiting.filter(({ runId }, index) => runId !== undefined || index >= half);
        waitingChars = waiting.reduce((sum, draft) => sum + draft.paramsJson.length, 0);
      }
      if (isScheduled) return;
      isScheduled = true;
      const waitMs = begunAtMs + PACE_MS - clock.now();
      const begin = (): void => void inTurn(storeWaiting);
      if (waitMs <= 0) setImmediate(begin);
      else setTimeout(begin, Math.min(waitMs, PACE_MS));
    },
    flush: () => inTurn(storeWaiting),
    sync() {
      queuedSync ??= inTurn(async () => {
        queuedSync = undefined;
        await storeWaiting();
        if (isShared || !isLoaded) await catchUp();
      });
      return queuedSync;
    },
    get shownSeq() {
      return shownSeq;
    },
    get lastSeq() {
      return shownSeq === 0 ? floor : shownSeq;
    },
  };
}

/**
 * Events with their numbers, all greater than `afterSeq`. They are taken from the clock, in steps far smaller than it ticks:
 * so they also rise when nothing of before is kept any more.
 */
function number(drafts: readonly Draft[], afterSeq: number, nowMs: number): readonly ThreadEvent[] {
  let seq = Math.max(afterSeq, nowMs * NUMBERS_PER_MS - 1);
  return drafts.map(({ method, address, paramsJson, runId }) => {
    seq += 1;
    const eventId = runId === undefined ? String(seq) : `synth:${runId}:${seq}`;
    const head = `{"type":"event","event_id":${JSON.stringify(eventId)},"seq":${seq}`;
    const json = `${head},"method":${JSON.stringify(method)},"params":${paramsJson}}`;
    return { ...address, seq, eventId, method, json };
  });
}

/**
 * An event with a condition is a batch of its own, because everything before it has to be shown when it is asked. Events of
 * different runs are stored apart, because each may have another owner.
 */
function takeBatch(drafts: readonly Draft[], from: number): readonly Draft[] {
  let to = from;
  let chars = 0;
  do {
    chars += drafts[to]?.paramsJson.length ?? 0;
    to += 1;
  } while (
    drafts[from]?.unless === undefined &&
    to < drafts.length &&
    drafts[to]?.unless === undefined &&
    drafts[to]?.owned === drafts[from]?.owned &&
    chars < MAX_BATCH_CHARS
  );
  return drafts.slice(from, to);
}

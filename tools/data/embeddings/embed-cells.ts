import type { EmbeddedCell } from "../../../engine/data/steps/embedding.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import type { ColumnUsage } from "../llm/cells.ts";
import type { Lane } from "../llm/lane.ts";
import { retryWaitMs } from "../llm/retry-wait.ts";
import type { EmbeddingResult } from "./embedding-endpoint.ts";

export interface EmbedCellsOptions {
  readonly column: string;
  /** The texts of each cell; none is empty. */
  readonly cells: readonly (readonly string[])[];
  /** Those with lower numbers are served first. */
  readonly order: number;
  /** How many requests may be in flight, for all row groups. */
  readonly lane: Lane;
  readonly ask: (texts: readonly string[], signal: AbortSignal) => Promise<EmbeddingResult>;
  /** Figures to add to. */
  readonly usage: ColumnUsage;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onCells: (count: number) => void;
}

/** Texts in one request. */
const BATCH_TEXTS = 32;
const GATEWAY_RETRIES = 3;
const OTHER_RETRIES = 2;
/** So many 429s for one request, and its cells fail. */
const MAX_RATE_LIMITS = 30;
const STOP_AFTER_CELLS = 10;
const STOP_ERROR_RATE = 0.5;

/** Cells `start` to `end - 1`. */
interface Batch {
  readonly start: number;
  readonly end: number;
}

/**
 * Embeds cells, several in a request. 429 lowers the limit of the lane and asks again, 5xx, timeouts and torn
 * connections are tried again with growing waits. A request that is refused is cut in halves until the cell that it
 * is refused for is alone. Rejects with `model_failed` when the endpoint is given up or most cells fail, and with the signal's reason.
 */
export async function embedCells(options: EmbedCellsOptions): Promise<readonly EmbeddedCell[]> {
  const { column, cells, order, lane, ask, usage, clock, random, onCells } = options;
  const answers = Array<EmbeddedCell | undefined>(cells.length);
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const turns = new Map<number, () => void>();
  let nextTurn = 0;
  let settled = 0;
  let refused = 0;
  const seat = lane.join({
    order,
    columnCount: 1,
    start: (turn) => {
      turns.get(turn)?.();
      turns.delete(turn);
    },
    onDead: (message) =>
      ending.abort(new ServiceError("model_failed", `column "${column}": the endpoint does not answer: ${message}`)),
  });

  /** Waits for a place in the lane, asks, and gives the place back; `waitMs` is how long a 429 asks to wait. */
  async function askInTurn(texts: readonly string[]): Promise<{ result: EmbeddingResult; waitMs: number }> {
    const turn = (nextTurn += 1);
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      turns.set(turn, () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
      seat.enqueue(turn, 0);
      lane.pump();
    });
    const startedAtMs = clock.now();
    try {
      usage.requests += 1;
      const result = await ask(texts, signal);
      const event = { nowMs: clock.now(), startedAtMs };
      let waitMs = 0;
      if (result.kind === "answer") seat.succeeded();
      else if (result.kind === "rate_limited") {
        waitMs = seat.limited({ ...event, retryAfterMs: result.retryAfterMs }, result.message);
      } else if (result.kind === "refused") seat.answered();
      else seat.failed(event, result.message);
      return { result, waitMs };
    } finally {
      seat.release();
      lane.pump();
    }
  }

  async function askUntilSettled(texts: readonly string[]): Promise<EmbeddingResult> {
    let limits = 0;
    let gatewayRetries = 0;
    let otherRetries = 0;
    for (;;) {
      const { result, waitMs } = await askInTurn(texts);
      if (result.kind === "answer" || result.kind === "refused") return result;
      if (result.kind === "rate_limited") {
        usage.rateLimited += 1;
        limits += 1;
        if (limits >= MAX_RATE_LIMITS) return result;
        await clock.sleep(waitMs, signal);
        continue;
      }
      const isGateway = result.kind === "gateway";
      const retry = isGateway ? (gatewayRetries += 1) : (otherRetries += 1);
      if (retry > (isGateway ? GATEWAY_RETRIES : OTHER_RETRIES)) return result;
      usage.retries += 1;
      await clock.sleep(retryWaitMs(retry, isGateway ? result.retryAfterMs : undefined, random), signal);
    }
  }

  function settle({ start, end }: Batch, answer: (cell: number) => EmbeddedCell): void {
    for (let cell = start; cell < end; cell += 1) answers[cell] = answer(cell);
    settled += end - start;
    onCells(end - start);
  }

  async function embedBatch(batch: Batch): Promise<void> {
    const texts = cells.slice(batch.start, batch.end).flat();
    const result = await askUntilSettled(texts);
    if (result.kind === "answer") {
      usage.inputTokens += result.inputTokens;
      let at = 0;
      return settle(batch, (cell) => ({ vectors: result.vectors.slice(at, (at += cells[cell]?.length ?? 0)) }));
    }
    if (result.kind === "refused" && batch.end - batch.start > 1) {
      const middle = (batch.start + batch.end) >> 1;
      await embedBatch({ start: batch.start, end: middle });
      return embedBatch({ start: middle, end: batch.end });
    }
    const { kind, message } = result;
    settle(batch, () => ({ kind, message }));
    if (kind === "refused") refused += 1;
    if (settled >= STOP_AFTER_CELLS && refused / settled > STOP_ERROR_RATE) {
      throw new ServiceError("model_failed", `column "${column}": most cells are refused, the last one: ${message}`);
    }
  }

  try {
    await Promise.all(batchesOf(cells).map(embedBatch));
  } finally {
    seat.leave();
    ending.abort(new Error("the embedding has ended"));
  }
  return answers.map((answer, cell) => answer ?? { kind: "lost", message: `cell ${cell} was not asked for` });
}

/** As many cells as have `BATCH_TEXTS` texts together; a cell is never cut. */
function batchesOf(cells: readonly (readonly string[])[]): Batch[] {
  const batches: Batch[] = [];
  let start = 0;
  let count = 0;
  for (const [cell, texts] of cells.entries()) {
    if (count > 0 && count + texts.length > BATCH_TEXTS) {
      batches.push({ start, end: cell });
      start = cell;
      count = 0;
    }
    count += texts.length;
  }
  return count === 0 ? batches : [...batches, { start, end: cells.length }];
}

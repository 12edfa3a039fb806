import { jsonrepair } from "jsonrepair";

import type { AimdRules } from "../../../engine/data/llm/aimd.ts";
import {
  type AskingConversation,
  DEFAULT_LIMITS,
  type LadderLimits,
  advance,
  sideColumns,
  startConversation,
} from "../../../engine/data/llm/conversation.ts";
import { buildMessages } from "../../../engine/data/llm/prompt.ts";
import type { JsonValue } from "../../../engine/data/table.ts";
import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import { CellBook, type CellProgress } from "./cell-book.ts";
import {
  type CellColumn,
  type CellFailureKind,
  type CellRecord,
  type CellRun,
  type ColumnUsage,
  type ModelLane,
} from "./cells.ts";
import type { ChatResult } from "./chat-endpoint.ts";
import { type Lane, createLane } from "./lane.ts";
import { retryWaitMs } from "./retry-wait.ts";

export interface RunCellsOptions {
  /** What is known of each row before; LLM values are added as they come. */
  readonly records: readonly CellRecord[];
  /** Number of the first record in the whole dataset. */
  readonly firstRow: number;
  readonly columns: readonly CellColumn[];
  /** By alias; every alias of the columns must be there. */
  readonly models: ReadonlyMap<string, ModelLane>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly limits?: LadderLimits;
  readonly rules?: AimdRules;
  /** After each settled cell. */
  readonly onProgress?: (progress: CellProgress) => void;
}

const MAX_IN_FLIGHT = 1024;
const GATEWAY_RETRIES = 3;
const SALVAGE_ROUNDS = 2;
/** So many 429s for one cell, and it waits for a salvage round; without a bound a closed endpoint would hold the run for ever. */
const MAX_RATE_LIMITS = 30;
const STOP_AFTER_CELLS = 10;
const STOP_ERROR_RATE = 0.5;

interface Progress {
  conversation: AskingConversation;
  requests: number;
  gatewayRetries: number;
  rateLimits: number;
  salvaged: number;
}

/**
 * Fills LLM columns cell by cell: a cell is asked for as soon as the cells it needs are there, each model alias with its own
 * adaptive limit. 429 lowers the limit and puts the cell back; 502, 503 and 504 are sent again with growing waits; other 5xx, timeouts and torn
 * connections wait for the end of the run and get two more rounds; 4xx fail at once. Unusable answers go through the ladder of `conversation.ts`.
 * After ten cells, more than half of them failed for good, the run stops. Every cell ends with a value or one failure.
 * Resolves on cancellation too, with what there is.
 */
export function runCells(options: RunCellsOptions): Promise<CellRun> {
  return new Promise((resolve) => new CellScheduler(options, resolve).begin());
}

class CellScheduler {
  private readonly options: RunCellsOptions;
  private readonly resolve: (run: CellRun) => void;
  private readonly book: CellBook;
  private readonly progress = new Map<number, Progress>();
  private readonly lanes = new Map<string, Lane>();
  private readonly ending = new AbortController();
  private readonly onAbort = (): void => this.finish("cancelled");
  private deferred: { cell: number; kind: CellFailureKind; message: string }[] = [];
  private inFlight = 0;
  /** Ready, in flight or waiting to be sent again. */
  private active = 0;
  /** Settled, without those that failed only because another did. */
  private finished = 0;
  private failedForGood = 0;
  private hasEnded = false;

  constructor(options: RunCellsOptions, resolve: (run: CellRun) => void) {
    this.options = options;
    this.resolve = resolve;
    this.book = new CellBook(options);
    for (const { alias } of options.columns) if (!this.lanes.has(alias)) this.lanes.set(alias, this.laneOf(alias));
  }

  begin(): void {
    const { signal } = this.options;
    if (this.book.total === 0) return this.finish("complete");
    if (signal.aborted) return this.finish("cancelled");
    signal.addEventListener("abort", this.onAbort, { once: true });
    for (const cell of this.book.initialCells()) this.enqueue(cell, true);
    this.pump();
    this.checkEnd();
  }

  private laneOf(alias: string): Lane {
    const model = this.options.models.get(alias);
    if (model === undefined) throw new Error(`no model for the alias "${alias}"`);
    const { clock, rules } = this.options;
    return createLane({
      maxParallel: model.maxParallel,
      columnCount: this.options.columns.length,
      clock,
      rules,
      signal: this.ending.signal,
      start: (cell) => void this.send(cell, model),
      hasRoom: () => this.inFlight < MAX_IN_FLIGHT,
    });
  }

  private laneFor(cell: number): Lane {
    const lane = this.lanes.get(this.book.columnOf(cell).alias);
    if (lane === undefined) throw new Error(`no lane for cell ${cell}`);
    return lane;
  }

  private enqueue(cell: number, isNew: boolean): void {
    if (isNew) this.active += 1;
    this.laneFor(cell).enqueue(cell, cell % this.options.columns.length);
  }

  private pump(): void {
    for (const lane of this.lanes.values()) lane.pump();
  }

  private async send(cell: number, model: ModelLane): Promise<void> {
    this.inFlight += 1;
    const { clock, random } = this.options;
    const startedAtMs = clock.now();
    let result: ChatResult | undefined;
    let problem: unknown;
    try {
      const progress = this.progressOf(cell);
      progress.requests += 1;
      this.book.usageOf(cell).requests += 1;
      result = await model.ask({
        model: model.model,
        messages: progress.conversation.messages,
        parameters: model.parameters(random),
        timeoutMs: model.timeoutMs,
        signal: this.ending.signal,
      });
    } catch (error) {
      problem = error;
    }
    this.inFlight -= 1;
    if (this.hasEnded) return;
    const lane = this.laneFor(cell);
    lane.release();
    if (result === undefined) this.fail(cell, "template", errorMessage(problem));
    else this.take(cell, result, startedAtMs, lane);
    if (this.inFlight >= MAX_IN_FLIGHT - 1) this.pump();
    else lane.pump();
    this.checkEnd();
  }

  /** Renders the prompt at the first request: only then are all needed values there. */
  private progressOf(cell: number): Progress {
    const known = this.progress.get(cell);
    if (known !== undefined) return known;
    const { column, render } = this.book.columnOf(cell);
    const conversation = startConversation(buildMessages(column, render(this.book.recordOf(cell))));
    const progress = { conversation, requests: 0, gatewayRetries: 0, rateLimits: 0, salvaged: 0 };
    this.progress.set(cell, progress);
    return progress;
  }

  private take(cell: number, result: ChatResult, startedAtMs: number, lane: Lane): void {
    const progress = this.progressOf(cell);
    const usage = this.book.usageOf(cell);
    switch (result.kind) {
      case "answer":
        lane.succeeded();
        usage.inputTokens += result.tokens.input;
        usage.outputTokens += result.tokens.output;
        usage.reasoningTokens += result.tokens.reasoning;
        return this.takeAnswer(cell, result, progress, usage);
      case "rate_limited":
        usage.rateLimited += 1;
        progress.rateLimits += 1;
        lane.limited({ nowMs: this.options.clock.now(), startedAtMs, retryAfterMs: result.retryAfterMs });
        if (progress.rateLimits % MAX_RATE_LIMITS === 0) return this.defer(cell, "rate_limited", result.message);
        return this.enqueue(cell, false);
      case "gateway":
        if (progress.gatewayRetries >= GATEWAY_RETRIES) return this.defer(cell, "server", result.message);
        progress.gatewayRetries += 1;
        usage.retries += 1;
        return this.enqueueAfter(cell, retryWaitMs(progress.gatewayRetries, result.retryAfterMs, this.options.random));
      case "server":
      case "timeout":
      case "connection":
        return this.defer(cell, result.kind, result.message);
      case "refused":
        return this.fail(cell, "refused", result.message);
    }
  }

  private takeAnswer(
    cell: number,
    reply: Extract<ChatResult, { kind: "answer" }>,
    progress: Progress,
    usage: ColumnUsage,
  ): void {
    const { column } = this.book.columnOf(cell);
    const limits = this.options.limits ?? DEFAULT_LIMITS;
    const next = advance(progress.conversation, reply, { column, limits, repairJson: jsonrepair });
    if (next.status === "done") {
      if (next.repairs.length > 0) usage.repaired += 1;
      const side = sideColumns(column, next.messages);
      return this.settle(cell, { [column.name]: next.value, ...side });
    }
    if (next.status === "failed") return this.fail(cell, "unusable_answer", next.problem);
    if (next.restarts > progress.conversation.restarts) usage.restarts += 1;
    else usage.corrections += 1;
    progress.conversation = next;
    this.enqueue(cell, false);
  }

  private enqueueAfter(cell: number, waitMs: number): void {
    this.options.clock.sleep(waitMs, this.ending.signal).then(
      () => {
        this.enqueue(cell, false);
        this.laneFor(cell).pump();
      },
      // The run has ended and has settled the cell.
      () => undefined,
    );
  }

  private defer(cell: number, kind: CellFailureKind, message: string): void {
    this.active -= 1;
    this.deferred.push({ cell, kind, message });
  }

  private settle(cell: number, values: Readonly<Record<string, JsonValue>>): void {
    this.active -= 1;
    this.finished += 1;
    this.progress.delete(cell);
    const { alias } = this.book.columnOf(cell);
    for (const next of this.book.succeed(cell, values)) {
      this.enqueue(next, true);
      if (this.book.columnOf(next).alias !== alias) this.laneFor(next).pump();
    }
  }

  private fail(cell: number, kind: CellFailureKind, message: string): void {
    this.active -= 1;
    this.finished += 1;
    if (kind === "refused" || kind === "unusable_answer" || kind === "template") this.failedForGood += 1;
    this.report(cell, kind, message);
    this.failDependents(cell);
    if (this.finished >= STOP_AFTER_CELLS && this.failedForGood / this.finished > STOP_ERROR_RATE)
      this.finish("stopped");
  }

  private failDependents(cell: number): void {
    const message = `"${this.book.columnOf(cell).column.name}" has no value in this row`;
    for (const next of this.book.dependentsOf(cell)) {
      this.report(next, "upstream", message);
      this.failDependents(next);
    }
  }

  private report(cell: number, kind: CellFailureKind, message: string): void {
    this.book.fail(cell, { kind, message, requests: this.progress.get(cell)?.requests ?? 0 });
    this.progress.delete(cell);
  }

  private checkEnd(): void {
    if (this.hasEnded || this.active > 0) return;
    if (this.deferred.length === 0) return this.finish("complete");
    const { deferred } = this;
    this.deferred = [];
    for (const { cell, kind, message } of deferred) {
      this.active += 1;
      const progress = this.progressOf(cell);
      if (progress.salvaged >= SALVAGE_ROUNDS) {
        this.fail(cell, kind, message);
        continue;
      }
      progress.salvaged += 1;
      this.book.usageOf(cell).retries += 1;
      this.enqueue(cell, false);
    }
    this.pump();
    this.checkEnd();
  }

  private finish(outcome: CellRun["outcome"]): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.options.signal.removeEventListener("abort", this.onAbort);
    this.ending.abort(new Error(`the run is ${outcome}`));
    if (outcome !== "complete") {
      const message = outcome === "cancelled" ? "the run was cancelled" : "the run stopped because most cells failed";
      for (const cell of this.book.openCells()) this.report(cell, outcome, message);
    }
    this.resolve(this.book.toRun(outcome));
  }
}

import { jsonrepair } from "jsonrepair";

import {
  DEFAULT_LIMITS,
  type ModelReply,
  advance,
  sideColumns,
  takeToolResults,
} from "../../../engine/data/llm/conversation.ts";
import type { RateLimited } from "../../../engine/data/llm/aimd.ts";
import type { JsonValue } from "../../../engine/data/table.ts";
import { errorMessage } from "../../../lib/errors.ts";
import { type CellAttempt, CellAttempts } from "./cell-attempts.ts";
import { CellBook } from "./cell-book.ts";
import { CellFailures } from "./cell-failures.ts";
import type { CellTools } from "./cell-tools.ts";
import type { CellFailureKind, CellRun, ColumnUsage } from "./cells.ts";
import type { ChatResult } from "./chat-endpoint.ts";
import type { Seat } from "./lane.ts";
import { type Lanes, createLanes } from "./lanes.ts";
import { retryWaitMs } from "./retry-wait.ts";
import type { RunCellsOptions } from "./run-options.ts";

export type { RunCellsOptions };

const GATEWAY_RETRIES = 3;
/** So many 429s for one cell, and it waits for a salvage round; without a bound a closed endpoint would hold the run for ever. */
const MAX_RATE_LIMITS = 30;

type Answer = Extract<ChatResult, { kind: "answer" }>;

/**
 * Fills LLM columns cell by cell: a cell is asked for as soon as the cells it needs are there, each model alias with its own
 * adaptive limit. After 429 the cell waits, and bursts lower the limit; 502, 503 and 504 are sent again with growing waits; other 5xx, timeouts and torn
 * connections wait for the end of the run and get two more rounds; 4xx fail at once. Unusable answers go through the ladder of `conversation.ts`.
 * After ten cells, more than half of them failed for good, the run stops, and so it does when an endpoint is given up (`breaker.ts`).
 * Every cell ends with a value or one failure. Resolves on cancellation too, with what there is.
 */
export function runCells(options: RunCellsOptions): Promise<CellRun> {
  return new Promise((resolve) => new CellScheduler(options, resolve).begin());
}

class CellScheduler {
  private readonly options: RunCellsOptions;
  private readonly resolve: (run: CellRun) => void;
  private readonly book: CellBook;
  private readonly lanes: Lanes;
  private readonly attempts: CellAttempts;
  private readonly failures: CellFailures;
  private readonly seats = new Map<string, Seat>();
  private readonly ending = new AbortController();
  private readonly onAbort = (): void => this.finish("cancelled");
  /** Ready, in flight or waiting to be sent again. */
  private active = 0;
  private hasEnded = false;

  constructor(options: RunCellsOptions, resolve: (run: CellRun) => void) {
    this.options = options;
    this.resolve = resolve;
    this.book = new CellBook(options);
    this.attempts = new CellAttempts(this.book, options.tools);
    this.failures = new CellFailures(this.book, this.attempts);
    const { models, clock, rules } = options;
    this.lanes = options.lanes ?? createLanes({ models, clock, rules });
    for (const { alias } of options.columns) if (!this.seats.has(alias)) this.seats.set(alias, this.takeSeat(alias));
  }

  begin(): void {
    const { signal } = this.options;
    if (this.book.total === 0) return this.finish("complete");
    if (signal.aborted) return this.finish("cancelled");
    signal.addEventListener("abort", this.onAbort, { once: true });
    for (const cell of this.book.initialCells()) this.makeReady(cell);
    this.pumpAll();
    this.checkEnd();
  }

  private takeSeat(alias: string): Seat {
    return this.lanes.of(alias).join({
      order: this.options.order ?? this.options.firstRow,
      columnCount: this.options.columns.length,
      start: (cell) => void this.send(cell, alias),
      onDead: (message) => this.finish("unreachable", `model "${alias}" does not answer: ${message}`),
    });
  }

  private seatFor(cell: number): Seat {
    const seat = this.seats.get(this.book.columnOf(cell).alias);
    if (seat === undefined) throw new Error(`no lane for cell ${cell}`);
    return seat;
  }

  /** A cell whose needs are there: it is skipped, or waits for its turn. */
  private makeReady(cell: number): void {
    if (!this.book.isSkipped(cell)) {
      this.active += 1;
      this.enqueue(cell);
      return;
    }
    for (const next of this.book.skip(cell)) this.makeReady(next);
  }

  private enqueue(cell: number): void {
    this.seatFor(cell).enqueue(cell, cell % this.options.columns.length);
  }

  private pumpAll(): void {
    for (const alias of this.seats.keys()) this.lanes.pump(alias);
  }

  private async send(cell: number, alias: string): Promise<void> {
    const { clock, random, models } = this.options;
    const startedAtMs = clock.now();
    let result: ChatResult | undefined;
    let problem: unknown;
    try {
      const model = models.get(alias);
      if (model === undefined) throw new Error(`no model for the alias "${alias}"`);
      const attempt = this.attempts.of(cell);
      attempt.requests += 1;
      this.book.usageOf(cell).requests += 1;
      result = await model.ask({
        model: model.model,
        messages: attempt.conversation.messages,
        parameters: { ...model.parameters(random), ...this.attempts.toolFields(cell) },
        timeoutMs: model.timeoutMs,
        signal: this.ending.signal,
      });
    } catch (error) {
      problem = error;
    }
    this.seats.get(alias)?.release();
    if (!this.hasEnded) {
      if (result === undefined) this.fail(cell, "template", errorMessage(problem));
      else this.take(cell, result, startedAtMs);
    }
    this.lanes.pump(alias);
    this.checkEnd();
  }

  private take(cell: number, result: ChatResult, startedAtMs: number): void {
    const attempt = this.attempts.of(cell);
    const usage = this.book.usageOf(cell);
    const seat = this.seatFor(cell);
    const event = { nowMs: this.options.clock.now(), startedAtMs };
    switch (result.kind) {
      case "answer":
        seat.succeeded();
        usage.inputTokens += result.tokens.input;
        usage.outputTokens += result.tokens.output;
        usage.reasoningTokens += result.tokens.reasoning;
        return this.takeAnswer(cell, result, attempt, usage);
      case "rate_limited":
        usage.rateLimited += 1;
        attempt.rateLimits += 1;
        return this.takeRateLimit(cell, attempt.rateLimits, { ...event, retryAfterMs: result.retryAfterMs }, result);
      case "gateway":
        if (attempt.gatewayRetries >= GATEWAY_RETRIES) this.defer(cell, "server", result.message);
        else {
          attempt.gatewayRetries += 1;
          usage.retries += 1;
          this.enqueueAfter(cell, retryWaitMs(attempt.gatewayRetries, result.retryAfterMs, this.options.random));
        }
        return seat.failed(event, result.message);
      case "server":
      case "timeout":
      case "connection":
        this.defer(cell, result.kind, result.message);
        return seat.failed(event, result.message);
      case "refused":
        seat.answered();
        return this.fail(cell, "refused", result.message);
    }
  }

  /** Only the refused cell waits here; the lane holds the others back when most of them are refused. */
  private takeRateLimit(cell: number, rateLimits: number, event: RateLimited, { message }: { message: string }): void {
    const waitMs = this.seatFor(cell).limited(event, message);
    // The lane may have given the endpoint up, which ends the run and settles the cell.
    if (this.hasEnded) return;
    if (rateLimits % MAX_RATE_LIMITS === 0) this.defer(cell, "rate_limited", message);
    else this.enqueueAfter(cell, waitMs);
  }

  private takeAnswer(cell: number, reply: Answer, attempt: CellAttempt, usage: ColumnUsage): void {
    const { column } = this.book.columnOf(cell);
    const tools = this.attempts.toolsOf(cell);
    if (tools !== undefined && (reply.toolCalls ?? []).length > 0 && this.attempts.mayAnswerTools(cell, tools))
      return void this.callTools(cell, reply, attempt, tools);
    const limits = this.options.limits ?? DEFAULT_LIMITS;
    const next = advance(attempt.conversation, reply, { column, limits, repairJson: jsonrepair });
    if (next.status === "done") {
      if (next.repairs.length > 0) usage.repaired += 1;
      const side = sideColumns(column, next.messages);
      return this.settle(cell, { [column.name]: next.value, ...side });
    }
    if (next.status === "failed") return this.fail(cell, "unusable_answer", next.problem);
    if (next.restarts > attempt.conversation.restarts) usage.restarts += 1;
    else usage.corrections += 1;
    attempt.conversation = next;
    this.enqueue(cell);
  }

  /** Tools are called outside of the lane: other cells are asked for meanwhile. */
  private async callTools(cell: number, reply: ModelReply, attempt: CellAttempt, tools: CellTools): Promise<void> {
    const { toolTurns } = attempt.conversation;
    this.book.usageOf(cell).toolCalls += reply.toolCalls?.length ?? 0;
    try {
      const results = await tools.answer(reply, toolTurns < tools.maxTurns, this.ending.signal);
      if (this.hasEnded) return;
      attempt.conversation = takeToolResults(attempt.conversation, reply, results);
      this.enqueue(cell);
    } catch (error) {
      if (this.hasEnded) return;
      this.fail(cell, "connection", errorMessage(error));
    }
    this.lanes.pump(this.book.columnOf(cell).alias);
    this.checkEnd();
  }

  /** Back into the queue, before cells that were never asked for. */
  private enqueueAfter(cell: number, waitMs: number): void {
    const putBack = (): void => this.seatFor(cell).enqueueFirst(cell, cell % this.options.columns.length);
    if (waitMs <= 0) return putBack();
    this.options.clock.sleep(waitMs, this.ending.signal).then(
      () => {
        putBack();
        this.lanes.pump(this.book.columnOf(cell).alias);
      },
      // The run has ended and has settled the cell.
      () => undefined,
    );
  }

  private defer(cell: number, kind: CellFailureKind, message: string): void {
    this.active -= 1;
    this.failures.defer({ cell, kind, message });
  }

  private settle(cell: number, values: Readonly<Record<string, JsonValue>>): void {
    this.active -= 1;
    this.failures.countSuccess();
    this.attempts.forget(cell);
    for (const next of this.book.succeed(cell, values)) {
      this.makeReady(next);
      this.lanes.pump(this.book.columnOf(next).alias);
    }
  }

  private fail(cell: number, kind: CellFailureKind, message: string): void {
    this.active -= 1;
    this.failures.fail({ cell, kind, message });
    if (!this.failures.areTooMany()) return;
    const { name } = this.book.columnOf(cell).column;
    this.finish("stopped", `most cells fail, the last one of column "${name}": ${message}`);
  }

  private checkEnd(): void {
    if (this.hasEnded || this.active > 0) return;
    const deferred = this.failures.takeDeferred();
    if (deferred.length === 0) return this.finish("complete");
    for (const { cell, kind, message } of deferred) {
      this.active += 1;
      if (this.failures.maySalvage(cell)) this.enqueue(cell);
      else this.fail(cell, kind, message);
    }
    this.pumpAll();
    this.checkEnd();
  }

  private finish(outcome: CellRun["outcome"], problem?: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.options.signal.removeEventListener("abort", this.onAbort);
    for (const seat of this.seats.values()) seat.leave();
    this.ending.abort(new Error(`the run is ${outcome}`));
    if (outcome !== "complete") {
      const message = outcome === "cancelled" ? "the run was cancelled" : `the run stopped: ${problem}`;
      for (const cell of this.book.openCells()) this.failures.report({ cell, kind: outcome, message });
    }
    this.resolve(this.book.toRun(outcome, problem));
  }
}

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
import {
  type CellColumn,
  type CellFailure,
  type CellFailureKind,
  type CellRecord,
  type CellRun,
  type ColumnUsage,
  type ModelLane,
  emptyUsage,
} from "./cells.ts";
import type { ChatResult } from "./chat-endpoint.ts";
import { type Lane, createLane } from "./lane.ts";

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
  readonly onProgress?: (progress: {
    readonly column: string;
    readonly settled: number;
    readonly failed: number;
    readonly total: number;
  }) => void;
}

const MAX_IN_FLIGHT = 1024;
const GATEWAY_RETRIES = 3;
const RETRY_BASE_MS = 1_000;
const RETRY_FACTOR = 2;
const RETRY_JITTER = 0.2;
const MAX_RETRY_WAIT_MS = 60_000;
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
  private readonly columnCount: number;
  private readonly rows: Record<string, JsonValue>[];
  private readonly values: Map<string, (JsonValue | undefined)[]>;
  private readonly usage: Map<string, ColumnUsage>;
  private readonly failures: CellFailure[] = [];
  private readonly waitingFor: Uint8Array;
  private readonly isSettled: Uint8Array;
  private readonly dependents: readonly (readonly number[])[];
  private readonly progress = new Map<number, Progress>();
  private readonly lanes = new Map<string, Lane>();
  private readonly ending = new AbortController();
  private readonly onAbort = (): void => this.finish("cancelled");
  private deferred: { cell: number; kind: CellFailureKind; message: string }[] = [];
  private inFlight = 0;
  /** Ready, in flight or waiting to be sent again. */
  private active = 0;
  private settled = 0;
  private failedForGood = 0;
  private hasEnded = false;

  constructor(options: RunCellsOptions, resolve: (run: CellRun) => void) {
    this.options = options;
    this.resolve = resolve;
    const { columns, records } = options;
    this.columnCount = columns.length;
    this.rows = records.map((record) => ({ ...record }));
    const names = columns.flatMap(({ column }) => [column.name, ...Object.keys(sideColumns(column, undefined))]);
    this.values = new Map(names.map((name) => [name, Array<JsonValue | undefined>(records.length)]));
    this.usage = new Map(columns.map(({ column }) => [column.name, emptyUsage()]));
    this.waitingFor = new Uint8Array(records.length * columns.length);
    this.isSettled = new Uint8Array(records.length * columns.length);
    const byName = new Map(columns.map(({ column }, at) => [column.name, at]));
    this.dependents = columns.map(({ column }) =>
      columns.flatMap(({ dependsOn }, at) => (dependsOn.includes(column.name) ? [at] : [])),
    );
    for (const [at, { dependsOn }] of columns.entries()) {
      const count = new Set(dependsOn.filter((name) => byName.has(name))).size;
      for (let row = 0; row < records.length; row += 1) this.waitingFor[row * columns.length + at] = count;
    }
    for (const { alias } of columns) if (!this.lanes.has(alias)) this.lanes.set(alias, this.laneOf(alias));
  }

  begin(): void {
    const { signal } = this.options;
    if (this.waitingFor.length === 0) return this.finish("complete");
    if (signal.aborted) return this.finish("cancelled");
    signal.addEventListener("abort", this.onAbort, { once: true });
    for (const [cell, waiting] of this.waitingFor.entries()) if (waiting === 0) this.enqueue(cell, true);
    this.pump();
    this.checkEnd();
  }

  private laneOf(alias: string): Lane {
    const model = this.options.models.get(alias);
    if (model === undefined) throw new Error(`no model for the alias "${alias}"`);
    const { clock, rules } = this.options;
    return createLane({
      maxParallel: model.maxParallel,
      columnCount: this.columnCount,
      clock,
      rules,
      signal: this.ending.signal,
      start: (cell) => void this.send(cell, model),
      hasRoom: () => this.inFlight < MAX_IN_FLIGHT,
    });
  }

  private columnOf(cell: number): CellColumn {
    const column = this.options.columns[cell % this.columnCount];
    if (column === undefined) throw new Error(`no column for cell ${cell}`);
    return column;
  }

  private laneFor(cell: number): Lane {
    const lane = this.lanes.get(this.columnOf(cell).alias);
    if (lane === undefined) throw new Error(`no lane for cell ${cell}`);
    return lane;
  }

  private usageOf(cell: number): ColumnUsage {
    const usage = this.usage.get(this.columnOf(cell).column.name);
    if (usage === undefined) throw new Error(`no usage for cell ${cell}`);
    return usage;
  }

  private enqueue(cell: number, isNew: boolean): void {
    if (isNew) this.active += 1;
    this.laneFor(cell).enqueue(cell, cell % this.columnCount);
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
      this.usageOf(cell).requests += 1;
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
    const { column, render } = this.columnOf(cell);
    const row = this.rows[Math.floor(cell / this.columnCount)] ?? {};
    const conversation = startConversation(buildMessages(column, render(row)));
    const progress = { conversation, requests: 0, gatewayRetries: 0, rateLimits: 0, salvaged: 0 };
    this.progress.set(cell, progress);
    return progress;
  }

  private take(cell: number, result: ChatResult, startedAtMs: number, lane: Lane): void {
    const progress = this.progressOf(cell);
    const usage = this.usageOf(cell);
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
        return this.enqueueAfter(cell, this.retryWaitMs(progress.gatewayRetries, result.retryAfterMs));
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
    const { column } = this.columnOf(cell);
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

  private retryWaitMs(retry: number, retryAfterMs: number | undefined): number {
    const wait = RETRY_BASE_MS * RETRY_FACTOR ** (retry - 1) * (1 + RETRY_JITTER * (2 * this.options.random() - 1));
    return Math.min(MAX_RETRY_WAIT_MS, retryAfterMs ?? wait);
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
    const row = Math.floor(cell / this.columnCount);
    for (const [name, value] of Object.entries(values)) {
      const column = this.values.get(name);
      if (column !== undefined) column[row] = value;
      const record = this.rows[row];
      if (record !== undefined) record[name] = value;
    }
    this.active -= 1;
    this.close(cell);
    for (const dependent of this.dependents[cell % this.columnCount] ?? []) {
      const next = row * this.columnCount + dependent;
      const waiting = (this.waitingFor[next] ?? 1) - 1;
      this.waitingFor[next] = waiting;
      if (waiting > 0 || this.isSettled[next] === 1) continue;
      this.enqueue(next, true);
      if (this.columnOf(next).alias !== this.columnOf(cell).alias) this.laneFor(next).pump();
    }
  }

  private fail(cell: number, kind: CellFailureKind, message: string): void {
    this.active -= 1;
    if (kind === "refused" || kind === "unusable_answer" || kind === "template") this.failedForGood += 1;
    this.report(cell, kind, message);
    this.failDependents(cell);
    const finished = this.settled;
    if (finished >= STOP_AFTER_CELLS && this.failedForGood / finished > STOP_ERROR_RATE) this.finish("stopped");
  }

  private failDependents(cell: number): void {
    const row = Math.floor(cell / this.columnCount);
    for (const dependent of this.dependents[cell % this.columnCount] ?? []) {
      const next = row * this.columnCount + dependent;
      if (this.isSettled[next] === 1) continue;
      this.report(next, "upstream", `"${this.columnOf(cell).column.name}" has no value in this row`, false);
      this.failDependents(next);
    }
  }

  /** Cells that failed only because another did count in no rate. */
  private report(cell: number, kind: CellFailureKind, message: string, isCounted = true): void {
    this.failures.push({
      row: this.options.firstRow + Math.floor(cell / this.columnCount),
      column: this.columnOf(cell).column.name,
      kind,
      message,
      requests: this.progress.get(cell)?.requests ?? 0,
    });
    this.close(cell, isCounted);
  }

  private close(cell: number, isCounted = true): void {
    this.isSettled[cell] = 1;
    this.progress.delete(cell);
    if (isCounted) this.settled += 1;
    this.options.onProgress?.({
      column: this.columnOf(cell).column.name,
      settled: this.settled,
      failed: this.failures.length,
      total: this.isSettled.length,
    });
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
      this.usageOf(cell).retries += 1;
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
      for (const [cell, isSettled] of this.isSettled.entries())
        if (isSettled === 0) this.report(cell, outcome, message);
    }
    const order = new Map(this.options.columns.map(({ column }, at) => [column.name, at]));
    const place = (failure: CellFailure): number => failure.row * this.columnCount + (order.get(failure.column) ?? 0);
    this.failures.sort((left, right) => place(left) - place(right));
    this.resolve({ outcome, values: this.values, failures: this.failures, usage: this.usage });
  }
}

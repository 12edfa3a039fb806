import type { CellAttempts } from "./cell-attempts.ts";
import type { CellBook } from "./cell-book.ts";
import type { CellFailureKind } from "./cells.ts";

const SALVAGE_ROUNDS = 2;
const STOP_AFTER_CELLS = 10;
const STOP_ERROR_RATE = 0.5;

interface CellFailure {
  readonly cell: number;
  readonly kind: CellFailureKind;
  readonly message: string;
}

/** What went wrong in a run: the cells that wait for a salvage round, those that failed, and whether these are too many. */
export class CellFailures {
  private readonly book: CellBook;
  private readonly attempts: CellAttempts;
  private deferred: CellFailure[] = [];
  /** Settled, without those that failed only because another did. */
  private finished = 0;
  private failedForGood = 0;

  constructor(book: CellBook, attempts: CellAttempts) {
    this.book = book;
    this.attempts = attempts;
  }

  countSuccess(): void {
    this.finished += 1;
  }

  /** Keeps a cell for the end of the run. */
  defer(failure: CellFailure): void {
    this.deferred.push(failure);
  }

  /** The cells that were kept, once. */
  takeDeferred(): readonly CellFailure[] {
    const { deferred } = this;
    this.deferred = [];
    return deferred;
  }

  /** Whether a cell that was kept has another round, which is counted. */
  maySalvage(cell: number): boolean {
    const attempt = this.attempts.of(cell);
    if (attempt.salvaged >= SALVAGE_ROUNDS) return false;
    attempt.salvaged += 1;
    this.book.usageOf(cell).retries += 1;
    return true;
  }

  /** Settles a cell that has no value, and all that need it. */
  fail(failure: CellFailure): void {
    const { cell, kind } = failure;
    this.finished += 1;
    if (kind === "refused" || kind === "unusable_answer" || kind === "template") this.failedForGood += 1;
    this.report(failure);
    this.failDependents(cell);
  }

  /** More than half of them, as soon as there are enough to tell. */
  areTooMany(): boolean {
    return this.finished >= STOP_AFTER_CELLS && this.failedForGood / this.finished > STOP_ERROR_RATE;
  }

  report({ cell, kind, message }: CellFailure): void {
    this.book.fail(cell, { kind, message, requests: this.attempts.requestsOf(cell) });
    this.attempts.forget(cell);
  }

  private failDependents(cell: number): void {
    const message = `"${this.book.columnOf(cell).column.name}" has no value in this row`;
    for (const next of this.book.dependentsOf(cell)) {
      this.report({ cell: next, kind: "upstream", message });
      this.failDependents(next);
    }
  }
}

import type { JsonValue } from "../../../../engine/data/table.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import type { JobListQuery, JobStatus } from "../designer.ts";
import { hasEnded } from "../designer.ts";
import { type EventStore, createEventStore } from "./event-store.ts";
import type { JobDatabase } from "./job-database.ts";
import { JOB_COLUMNS, type JobRow } from "./job-row.ts";
import { canBecome } from "./job-states.ts";

export type NewJob = Omit<
  JobRow,
  | "number"
  | "status"
  | "error"
  | "version"
  | "done_rows"
  | "rows_per_second"
  | "eta_seconds"
  | "failed_rows"
  | "input_tokens"
  | "output_tokens"
  | "created_at_ms"
  | "updated_at_ms"
>;

export type ProgressUpdate = Partial<
  Pick<
    JobRow,
    "done_rows" | "rows_per_second" | "eta_seconds" | "failed_rows" | "input_tokens" | "output_tokens" | "text_model"
  >
>;

/** The jobs of a home. Each method is one transaction; a status changes only as `job-states.ts` allows. */
export interface JobStore {
  /** Undefined for an unknown id. */
  get(id: string): JobRow | undefined;
  getByKey(idempotencyKey: string): JobRow | undefined;
  /** Stores the job as pending; or answers the one that has its idempotency key. */
  create(job: NewJob): { readonly row: JobRow; readonly isNew: boolean };
  list(query: JobListQuery): { readonly rows: readonly JobRow[]; readonly total: number };
  /** In the order in which jobs are run. */
  statuses(
    statuses: readonly JobStatus[],
    limit?: number,
  ): readonly { readonly id: string; readonly status: JobStatus }[];
  /**
   * Changes the status and tells it as an event and a line of the log. Throws `conflict` when the job cannot go there
   * from where it is now, and `not_found`.
   */
  move(id: string, to: JobStatus, error?: { readonly message: string; readonly code: string | null }): JobRow;
  /** Makes a pending job active; undefined when it is none any more. */
  begin(id: string): JobRow | undefined;
  /** `work` adds events and lines of the job, in one transaction with its progress. Nothing happens to a deleted job. */
  tell(id: string, progress: ProgressUpdate, work: (events: EventStore, job: number) => void): void;
  /** Of the job with this number. */
  countEvents: EventStore["countEvents"];
  eventsAfter: EventStore["eventsAfter"];
  logLines: EventStore["logLines"];
  /** Removes the row and notes that the files are to be removed. Throws `conflict` for a job that works. */
  remove(id: string): void;
  removals(): readonly string[];
  noteRemoved(id: string): void;
}

const ORDERS: Readonly<Record<JobListQuery["sort"], string>> = {
  created_at: "created_at_ms, number",
  "-created_at": "created_at_ms DESC, number DESC",
  updated_at: "updated_at_ms, number",
  "-updated_at": "updated_at_ms DESC, number DESC",
};

const MAX_STATUSES = 1_000;

export function createJobStore(database: JobDatabase, clock: Clock): JobStore {
  const { sqlite, read, write } = database;
  const events = createEventStore(database);
  const selectOne = sqlite.prepare<[string], JobRow>("SELECT * FROM jobs WHERE id = ?");
  const selectKey = sqlite.prepare<[string], JobRow>("SELECT * FROM jobs WHERE idempotency_key = ?");
  const insert = sqlite.prepare(
    `INSERT INTO jobs (${JOB_COLUMNS.join(", ")}) VALUES (${JOB_COLUMNS.map((name) => `@${name}`).join(", ")})`,
  );
  const update = sqlite.prepare(
    `UPDATE jobs SET status = @status, error = @error, version = version + 1, done_rows = @done_rows,
      rows_per_second = @rows_per_second, eta_seconds = @eta_seconds, failed_rows = @failed_rows,
      input_tokens = @input_tokens, output_tokens = @output_tokens, text_model = @text_model,
      updated_at_ms = @updated_at_ms WHERE id = @id`,
  );
  const deleteRow = sqlite.prepare("DELETE FROM jobs WHERE id = ?");
  const insertRemoval = sqlite.prepare("INSERT OR IGNORE INTO removals (id) VALUES (?)");
  const deleteRemoval = sqlite.prepare("DELETE FROM removals WHERE id = ?");
  const selectRemovals = sqlite.prepare<[], { id: string }>("SELECT id FROM removals");

  const get = (id: string): JobRow | undefined => selectOne.get(id);
  const need = (id: string): JobRow => {
    const row = get(id);
    if (row === undefined) throw new ServiceError("not_found", `there is no job "${id}"`);
    return row;
  };
  const save = (row: JobRow): JobRow => {
    update.run({ ...row, updated_at_ms: clock.now() });
    return need(row.id);
  };
  const moveNow = (id: string, to: JobStatus, error?: { message: string; code: string | null }): JobRow => {
    const row = need(id);
    if (!canBecome(row.status, to)) {
      throw new ServiceError("conflict", `job ${id} is ${row.status}, it cannot become ${to}`);
    }
    // Figures of work that has stopped would go on promising an end.
    const isOver = to !== "active" && to !== "cancelling";
    const figures = isOver ? { eta_seconds: null } : {};
    const saved = save({ ...row, ...figures, status: to, error: error === undefined ? null : JSON.stringify(error) });
    const data: Record<string, JsonValue> = { status: to, ...(error === undefined ? {} : { error: { ...error } }) };
    events.addEvent(row.number, "status", data, true);
    events.addLogLine(row.number, {
      atMs: clock.now(),
      level: to === "error" ? "error" : "info",
      step: "job",
      task: to,
      message: error === undefined ? `the job is ${to}` : error.message,
    });
    return saved;
  };

  return {
    countEvents: (job) => read(() => events.countEvents(job)),
    eventsAfter: (job, after, limit) => read(() => events.eventsAfter(job, after, limit)),
    logLines: (job, offset, limit) => read(() => events.logLines(job, offset, limit)),
    get: (id) => read(() => get(id)),
    getByKey: (key) => read(() => selectKey.get(key)),
    create: (job) =>
      write(() => {
        const before = job.idempotency_key === null ? undefined : selectKey.get(job.idempotency_key);
        if (before !== undefined) return { row: before, isNew: false };
        const now = clock.now();
        insert.run({
          ...job,
          status: "created",
          error: null,
          version: 0,
          done_rows: 0,
          rows_per_second: null,
          eta_seconds: null,
          failed_rows: 0,
          input_tokens: null,
          output_tokens: null,
          created_at_ms: now,
          updated_at_ms: now,
        });
        events.addEvent(need(job.id).number, "status", { status: "created" });
        return { row: moveNow(job.id, "pending"), isNew: true };
      }),
    list: ({ page, pageSize, sort, status }) =>
      read(() => {
        const where = status === undefined ? "" : "WHERE status = @status";
        const filter = status === undefined ? {} : { status };
        const rows = sqlite
          .prepare<unknown[], JobRow>(
            `SELECT * FROM jobs ${where} ORDER BY ${ORDERS[sort]} LIMIT @limit OFFSET @offset`,
          )
          .all({ ...filter, limit: pageSize, offset: (page - 1) * pageSize });
        const count = sqlite.prepare<unknown[], { total: number }>(`SELECT COUNT(*) AS total FROM jobs ${where}`);
        return { rows, total: count.get(filter)?.total ?? 0 };
      }),
    statuses: (statuses, limit = MAX_STATUSES) =>
      read(() =>
        sqlite
          .prepare<unknown[], { id: string; status: JobStatus }>(
            `SELECT id, status FROM jobs WHERE status IN (${statuses.map(() => "?").join(", ")}) ORDER BY number LIMIT ?`,
          )
          .all(...statuses, limit),
      ),
    move: (id, to, error) => write(() => moveNow(id, to, error)),
    begin: (id) => write(() => (get(id)?.status === "pending" ? moveNow(id, "active") : undefined)),
    tell: (id, progress, work) =>
      write(() => {
        const row = get(id);
        if (row === undefined) return;
        save({ ...row, ...progress });
        work(events, row.number);
      }),
    remove: (id) =>
      write(() => {
        const { status } = need(id);
        if (!hasEnded(status) && !canBecome(status, "cancelled")) {
          throw new ServiceError("conflict", `job ${id} is ${status}; cancel it before it is deleted`);
        }
        insertRemoval.run(id);
        deleteRow.run(id);
      }),
    removals: () => read(() => selectRemovals.all().map(({ id }) => id)),
    noteRemoved: (id) => write(() => void deleteRemoval.run(id)),
  };
}

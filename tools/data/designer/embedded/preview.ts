import { type Design, isLlmColumn } from "../../../../engine/data/design/design.ts";
import { createGenerator } from "../../../../engine/data/generate.ts";
import type { GenerationEvent } from "../../../../engine/data/generation-events.ts";
import { MAX_PREVIEW_ROWS, previewRows } from "../../../../engine/data/preview.ts";
import { buildProfile } from "../../../../engine/data/profile/profile.ts";
import { summarizeTable } from "../../../../engine/data/profile/summary.ts";
import type { RowFailure } from "../../../../engine/data/row-generator.ts";
import { tableRows } from "../../../../engine/data/table-rows.ts";
import { OFFLINE_TEXT_LABEL } from "../../../../engine/data/text/label.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../../../lib/errors.ts";
import type { DesignInput } from "../../design-input.ts";
import type { GenerationServices } from "../../generation-services.ts";
import { writeJudgeSummaries } from "../../judge-summaries.ts";
import type { PreviewMessage } from "../designer.ts";

/** A preview that is silent for longer than this tells that it still works. */
export const HEARTBEAT_MS = 5_000;
/** Longest time of a whole preview, as the official client's; an endpoint that hangs would hold it far longer by its retries. */
export const PREVIEW_LIMIT_MS = 120_000;
const MAX_TOLD_FAILURES = 10;
const MAX_TOLD_COLUMNS = 3;

export interface PreviewOptions {
  readonly input: DesignInput;
  readonly numRecords: number;
  readonly seed: number | string;
  readonly services: GenerationServices;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Throws `invalid_input`. */
export function checkPreviewCount(numRecords: number): void {
  if (Number.isSafeInteger(numRecords) && numRecords >= 1 && numRecords <= MAX_PREVIEW_ROWS) return;
  const message = `${numRecords} rows: a preview has 1 to ${MAX_PREVIEW_ROWS}`;
  throw new ServiceError("invalid_input", message, { problems: [{ field: "num_records", message }] });
}

/**
 * The first rows of the dataset with their profile, told as they come. A failure of the rows is an `error` log and the
 * end. Stops the work when its reader stops; throws the signal's reason, and `timed_out` after `PREVIEW_LIMIT_MS`.
 */
export async function* streamPreview(options: PreviewOptions): AsyncGenerator<PreviewMessage> {
  const { input, numRecords, seed, clock, signal } = options;
  for (const { column, message } of input.violations) {
    yield log("warning", column === null ? message : `column "${column}": ${message}`);
  }
  yield log(
    "info",
    `generating ${numRecords} rows of ${input.plan.output.length} columns, seed ${JSON.stringify(seed)}`,
  );
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const filled = new Map<string, ColumnProgress>();
  clock.sleep(PREVIEW_LIMIT_MS, both).then(
    () => stop.abort(tookTooLong(input.design, filled)),
    // It has ended before.
    () => undefined,
  );
  try {
    const work = generate(options, both, (progress) => filled.set(progress.column, progress));
    yield* heartbeats(work, clock, both);
    // What was told to stop may not do so.
    both.throwIfAborted();
    const made = await work;
    if ("error" in made) {
      signal?.throwIfAborted();
      yield log("error", errorMessage(made.error));
      return;
    }
    if (made.textModel !== null) yield log("info", `columns of models are written by: ${made.textModel}`);
    for (const { level, message } of made.logs) yield log(level, message);
    yield* failureLines(made.failures);
    yield { kind: "dataset", records: made.records };
    yield { kind: "analysis", analysis: made.profile };
  } finally {
    stop.abort();
  }
}

type ColumnProgress = Extract<GenerationEvent, { type: "column_progress" }>;

/** Names the columns of models that are not finished, and who was asked for them. */
function tookTooLong(design: Design, filled: ReadonlyMap<string, ColumnProgress>): ServiceError {
  const open = design.columns.flatMap((column) => {
    if (!("model_alias" in column)) return [];
    const progress = filled.get(column.name);
    if (progress !== undefined && progress.done >= progress.total) return [];
    const config = design.model_configs?.find(({ alias }) => alias === column.model_alias);
    const where =
      config === undefined ? "" : ` (model "${config.model}" of provider "${config.provider ?? "default"}")`;
    const made = progress === undefined ? "" : `, ${progress.done} of ${progress.total} cells are there`;
    return [`column "${column.name}" waits for "${column.model_alias}"${where}${made}`];
  });
  const more = open.length > MAX_TOLD_COLUMNS ? [`and ${open.length - MAX_TOLD_COLUMNS} more columns`] : [];
  const who = open.length === 0 ? "" : `: ${[...open.slice(0, MAX_TOLD_COLUMNS), ...more].join("; ")}`;
  const remedy = "ask for fewer rows, or see whether the endpoint answers";
  return new ServiceError("timed_out", `the preview took longer than ${PREVIEW_LIMIT_MS / 1_000} s${who}; ${remedy}`);
}

type LogEvent = Extract<GenerationEvent, { type: "log" }>;

type Made =
  | {
      readonly records: ReturnType<typeof tableRows>;
      readonly profile: ReturnType<typeof buildProfile>;
      readonly failures: readonly RowFailure[];
      readonly logs: readonly LogEvent[];
      readonly textModel: string | null;
    }
  | { readonly error: unknown };

/** Never rejects: the reader may be gone when it fails. */
async function generate(
  { input, numRecords, seed, services }: PreviewOptions,
  signal: AbortSignal,
  onProgress: (progress: ColumnProgress) => void,
): Promise<Made> {
  const { design, plan, seedRows } = input;
  try {
    const seeds = seedRows === undefined ? {} : { seedRows };
    const logs: LogEvent[] = [];
    const onEvent = (event: GenerationEvent): void => {
      if (event.type === "log") logs.push(event);
      if (event.type === "column_progress") onProgress(event);
    };
    const generator = await createGenerator({ design, plan, seed, services, onEvent, ...seeds });
    const { table, failures } = await previewRows(generator, numRecords, { signal });
    const counted = buildProfile({
      design,
      summary: summarizeTable(table, 0),
      columnNames: plan.output,
      sideEffectColumns: [...plan.sideEffects.values()].flat(),
      targetNumRecords: numRecords,
    });
    const profile = await writeJudgeSummaries(counted, { design, services, onEvent, signal });
    const offline = design.columns.some(isLlmColumn) ? OFFLINE_TEXT_LABEL : null;
    return { records: tableRows(table), profile, failures, logs, textModel: generator.models?.label ?? offline };
  } catch (error) {
    return { error };
  }
}

async function* heartbeats(work: Promise<Made>, clock: Clock, signal: AbortSignal): AsyncGenerator<PreviewMessage> {
  for (;;) {
    const sleep = new AbortController();
    const isDone = await Promise.race([
      work.then(() => true),
      clock.sleep(HEARTBEAT_MS, AbortSignal.any([signal, sleep.signal])).then(
        () => false,
        () => true,
      ),
    ]);
    sleep.abort();
    if (isDone) return;
    yield { kind: "heartbeat" };
  }
}

function* failureLines(failures: readonly RowFailure[]): Generator<PreviewMessage> {
  for (const { row, column, kind, message } of failures.slice(0, MAX_TOLD_FAILURES)) {
    yield log("warning", `row ${row} was dropped and replaced: column "${column}": ${kind}: ${message}`);
  }
  const more = failures.length - MAX_TOLD_FAILURES;
  if (more > 0) yield log("warning", `${more} more rows were dropped and replaced`);
}

function log(level: "info" | "warning" | "error", message: string): PreviewMessage {
  return { kind: "log", level, message };
}

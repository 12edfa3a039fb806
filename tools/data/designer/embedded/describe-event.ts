import type { JsonValue } from "../../../../engine/data/table.ts";
import type { JobEvent } from "../../dataset-job/events.ts";
import type { NewLogLine } from "./event-store.ts";

export interface Told {
  readonly type: string;
  readonly data: Readonly<Record<string, JsonValue>>;
  readonly line?: Omit<NewLogLine, "atMs">;
}

/** An event of a job as it is stored and sent, with snake_case names, and what people read of it. */
export function describeEvent(event: JobEvent): Told {
  const { type } = event;
  switch (type) {
    case "run_started": {
      const { configHash, target, columns, resumedRows } = event;
      const goesOn = resumedRows === 0 ? "" : `, ${resumedRows} of them are there from before`;
      return {
        type,
        data: { config_hash: configHash, target, columns, resumed_rows: resumedRows },
        line: line("info", "start", `generating ${target} rows of ${columns.length} columns${goesOn}`),
      };
    }
    case "row_group_started":
      return { type, data: { id: event.id, rows: event.rows } };
    case "row_group_finished": {
      const { id, rows, dropped, done, target, rowsPerSecond, etaSeconds } = event;
      return {
        type,
        data: { id, rows, dropped, done, target, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds ?? null },
        line: line("info", `row group ${id}`, `${done} of ${target} rows, ${rowsPerSecond} rows/s`),
      };
    }
    case "row_failed": {
      const { row, column, kind, message } = event;
      return {
        type,
        data: { row, column, kind, message },
        line: line("warning", `column ${column}`, `row ${row} was dropped: ${kind}: ${message}`),
      };
    }
    case "column_progress": {
      const { column, done, total, rowsPerSecond } = event;
      return { type, data: { column, done, total, rows_per_second: rowsPerSecond } };
    }
    case "model_usage": {
      const { alias, requests, inputTokens, outputTokens, reasoningTokens, cost } = event;
      const counts = { input_tokens: inputTokens, output_tokens: outputTokens, reasoning_tokens: reasoningTokens };
      return { type, data: { alias, requests, ...counts, cost: cost ?? null } };
    }
    case "throttle":
      return { type, data: { alias: event.alias, limit: event.limit } };
    case "log": {
      const { level, message } = event;
      return { type, data: { level, message }, line: line(level, "rows", message) };
    }
    case "analysis":
      return { type, data: { profile: event.profile } };
    case "run_finished": {
      const { status, target, actual } = event;
      return {
        type,
        data: { status, target, actual },
        line: line("info", "end", `${actual} of ${target} rows are there`),
      };
    }
  }
}

function line(level: NewLogLine["level"], task: string, message: string): Omit<NewLogLine, "atMs"> {
  return { level, step: "generate", task, message };
}

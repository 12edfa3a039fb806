import type { Design } from "../../engine/data/design/design.ts";
import type { Violation } from "../../engine/data/design/violation.ts";
import type { Table } from "../../engine/data/table.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { DataDesigner } from "./designer/designer.ts";

/** What the data tools work with; the composition roots build it. */
export interface DataToolContext {
  readonly designer: DataDesigner;
  /** What is wrong with a design for what is configured here, such as models of unknown providers. Absent when nothing here makes its rows. */
  readonly check?: (design: Design) => readonly Violation[];
  /** Reads a seed file as jobs do and throws as they would. Absent when nothing here reads it. */
  readonly readSeedFile?: (file: string) => Promise<Table>;
  /** Most rows of a job. Absent where the backend alone knows. */
  readonly maxRows?: number;
  readonly clock: Clock;
  readonly log: Log;
}

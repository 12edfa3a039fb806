import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { DataDesigner } from "./designer/designer.ts";

/** What the data tools work with; the composition roots build it. */
export interface DataToolContext {
  readonly designer: DataDesigner;
  readonly clock: Clock;
  readonly log: Log;
}

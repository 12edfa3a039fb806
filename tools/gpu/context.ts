import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { AlertBook, AlertDispatcher } from "./alerts/alert.ts";
import type { IncidentIndex } from "./incidents/incident.ts";
import type { TelemetrySource } from "./telemetry/source.ts";

/** What the GPU tools work with; the composition roots build it. */
export interface GpuToolContext {
  readonly telemetry: TelemetrySource;
  readonly incidents: IncidentIndex;
  readonly alerts: AlertBook;
  /** Absent where another process delivers; what is raised then stays queued for it. */
  readonly alertDispatcher?: AlertDispatcher;
  readonly clock: Clock;
  readonly log: Log;
}

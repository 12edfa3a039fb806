import type { DiagnosticMode, DiagnosticName, DiagnosticResult } from "../../../engine/gpu/diagnostic.ts";
import type { LogParse } from "../../../engine/gpu/event.ts";
import type { NodeReading, TelemetryOrigin } from "../../../engine/gpu/reading.ts";
import type { DiagReport } from "../../../engine/gpu/readings/diag-json.ts";

export interface SourceNode {
  /** Stable id used in arguments and URLs. */
  readonly id: string;
  readonly hostname: string;
  readonly rack?: string;
}

export interface DiagnosticRequest {
  readonly node?: string;
  readonly test: DiagnosticName;
  readonly gpu: number;
  readonly mode: DiagnosticMode;
}

/**
 * Where GPU facts come from. Every method takes a signal and ends within the source's own time limit.
 * A source that cannot read answers with `problems` in the reading; it throws only a ServiceError for an unknown node.
 */
export interface TelemetrySource {
  readonly origin: TelemetryOrigin;
  readonly isSimulated: boolean;
  /** One line for people: what is read and from where. */
  describe(): string;
  listNodes(signal: AbortSignal): Promise<readonly SourceNode[]>;
  /** `node` absent means the first one. */
  readNode(options: { node?: string; signal: AbortSignal }): Promise<NodeReading>;
  readEvents(options: { node?: string; signal: AbortSignal }): Promise<LogParse>;
  /** A recorded report of DCGM, where the source has one. Throws `unreadable_input` for a file that is none. */
  readDiagReport?(options: { node?: string; signal: AbortSignal }): Promise<DiagReport | undefined>;
  runDiagnostic(
    request: DiagnosticRequest,
    options: { signal: AbortSignal; onProgress?: (done: number, total: number) => void },
  ): Promise<DiagnosticResult>;
  close(): Promise<void>;
}

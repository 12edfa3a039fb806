import type { ServedGraph } from "../graph-loader.ts";
import type { LiveRun, RunResult } from "./live-runs.ts";
import type { GraphChunk } from "./stream-events.ts";

/** Follows one run beside its own log. Its methods must not throw and must not hold the run up. */
export interface RunTap {
  /** Everything the graph streams, of all subgraphs; messages in the form of `streamEvents` version 3. */
  onChunk(chunk: GraphChunk): void;
  /** The outcome is stored; those who wait for the run hear of its end when this has resolved. */
  onEnd(result: RunResult): Promise<void>;
}

/** Asked when a run starts; undefined when nobody wants to follow it. */
export type TapRun = (live: LiveRun, graph: ServedGraph) => RunTap | undefined;

import type { Config } from "../../lib/config.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { GraphRegistry } from "../graph-registry.ts";
import type { HttpBlock } from "../http-block.ts";
import type { Metrics } from "../metrics.ts";
import type { BoundGraphs } from "../runs/bound-graphs.ts";
import type { RunManager } from "../runs/run-manager.ts";
import type { WebhookRules } from "../runs/webhook.ts";
import type { Checkpointer } from "../store/checkpointer.ts";
import type { GraphStore } from "../store/graph-store.ts";
import type { Store } from "../store/store.ts";
import type { ThreadTtl } from "../store/threads.ts";

/** A part the service needs; `check` throws with the reason when it does not work. */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<void>;
}

/** What the routes of the LangGraph API work with. */
export interface RouteContext {
  readonly config: Config;
  readonly http: HttpBlock;
  readonly webhookRules: WebhookRules;
  /** Of new threads that name none. */
  readonly threadTtl: ThreadTtl | null;
  readonly log: Log;
  readonly clock: Clock;
  readonly graphs: GraphRegistry;
  readonly bound: BoundGraphs;
  readonly store: Store;
  readonly graphStore: GraphStore;
  readonly checkpointer: Checkpointer;
  readonly runs: RunManager;
  readonly metrics: Metrics;
  readonly readiness: readonly ReadinessCheck[];
}

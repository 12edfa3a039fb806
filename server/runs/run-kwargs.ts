import type { RunCommand } from "../schemas/run-command.ts";
import type { StreamMode } from "../schemas/run.ts";

/** What a run was asked to do, as it is stored and shown in `Run.kwargs`. */
export interface RunKwargs {
  readonly input: unknown;
  readonly command: RunCommand | null;
  readonly config: RunConfig;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly stream_mode: readonly StreamMode[];
  readonly subgraphs: boolean;
  readonly resumable: boolean;
  readonly temporary: boolean;
  readonly interrupt_before: "*" | readonly string[] | null;
  readonly interrupt_after: "*" | readonly string[] | null;
  readonly durability: "sync" | "async" | "exit";
  readonly webhook: string | null;
  /** Started through the thread-centric protocol, so its events go to the thread's log. */
  readonly protocol?: true;
}

export interface RunConfig {
  readonly tags?: readonly string[];
  readonly recursion_limit?: number;
  readonly max_concurrency?: number;
  readonly run_name?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly configurable: Readonly<Record<string, unknown>>;
}

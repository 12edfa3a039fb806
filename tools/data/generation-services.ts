import type { GeneratorServices, ToolCaller } from "../../engine/data/steps/services.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";

export type { ToolCaller } from "../../engine/data/steps/services.ts";

/** What generating a dataset needs from outside of the engine; made once, shared by all jobs and previews. */
export interface GenerationServices extends GeneratorServices {
  readonly clock: Clock;
  readonly random: Random;
}

export interface GenerationServicesOptions {
  readonly config: Pick<Config, "llm" | "data" | "canReachPrivateAddresses">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Calls the tools that model columns may use; without it a design that names any is refused. */
  readonly tools?: ToolCaller;
}

export function createGenerationServices({
  clock,
  random,
  tools,
}: GenerationServicesOptions): GenerationServices & { close(): void } {
  return { clock, random, ...(tools === undefined ? {} : { tools }), close: () => undefined };
}

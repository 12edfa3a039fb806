import { pino } from "pino";

import { type Design, type DesignInput, Design as DesignSchema } from "../../engine/data/design/design.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { seededRandom } from "../../lib/random.ts";
import {
  type GenerationServices,
  type ToolCaller,
  createGenerationServices,
} from "../../tools/data/generation-services.ts";

/** Waits for nobody: what sleeps goes on at once, and the time has passed. */
export function impatientClock(): Clock {
  let nowMs = 0;
  return {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      await new Promise((resolve) => void setImmediate(resolve));
      signal?.throwIfAborted();
      nowMs += ms;
    },
  };
}

export interface ServicesOptions {
  readonly tools?: ToolCaller;
  readonly clock?: Clock;
}

/** Services over the endpoints that these settings name, as the service makes them. */
export function openServices(
  settings: Readonly<Record<string, string>>,
  { tools, clock = systemClock }: ServicesOptions = {},
): GenerationServices & { close(): void } {
  return createGenerationServices({
    config: loadConfig(settings),
    clock,
    random: seededRandom(1),
    log: pino({ level: "silent" }),
    ...(tools === undefined ? {} : { tools }),
  });
}

type ModelConfigs = NonNullable<DesignInput["model_configs"]>;

/** A row id and model columns; their prompts can use `{{ id }}`. */
export function modelDesign(columns: DesignInput["columns"], models?: ModelConfigs): Design {
  const id = {
    column_type: "sampler",
    name: "id",
    sampler_type: "uuid",
    params: { sampler_type: "uuid", short_form: true },
  } as const;
  return DesignSchema.parse({
    columns: [id, ...columns],
    model_configs: models ?? [{ alias: "m", model: "stub", inference_parameters: { max_parallel_requests: 32 } }],
  });
}

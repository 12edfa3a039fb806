import type { Design } from "../../engine/data/design/design.ts";
import type { Violation } from "../../engine/data/design/violation.ts";
import type { EmbeddingOpener } from "../../engine/data/steps/embedding.ts";
import type { GeneratorServices, ToolCaller } from "../../engine/data/steps/services.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { createEmbeddingServices } from "./embeddings/embedding-services.ts";
import { type ModelServices, createModelServices } from "./llm/model-services.ts";
import { readProviders } from "./llm/providers.ts";
import { parseCode } from "./validators/parse-code.ts";
import { type RemoteValidatorServices, createRemoteValidators } from "./validators/remote-validators.ts";

export type { ToolCaller } from "../../engine/data/steps/services.ts";

/** What generating a dataset needs from outside of the engine; made once, shared by all jobs and previews. */
export interface GenerationServices extends GeneratorServices {
  /** Undefined when no endpoint is configured: then the offline text model writes the columns of models. */
  readonly models?: ModelServices | undefined;
  readonly validators?: RemoteValidatorServices;
  /** An endpoint where a design names a model of one, otherwise the encoder that ships with the project. */
  readonly embeddings?: EmbeddingOpener;
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

/**
 * Reads which endpoints there are; asks none of them yet. Throws `unreadable_input` or `invalid_input` for a file of
 * providers that is wrong.
 */
export function createGenerationServices(options: GenerationServicesOptions): GenerationServices & { close(): void } {
  const { config, clock, random, log, tools } = options;
  const providers = readProviders(config, log);
  const models =
    providers.length === 0
      ? undefined
      : createModelServices({
          providers,
          defaultModel: config.llm.model,
          timeoutMs: config.llm.timeoutMs,
          clock,
          random,
        });
  const validators = createRemoteValidators({ allowPrivate: config.canReachPrivateAddresses, clock, random });
  const embeddings = createEmbeddingServices({ providers, timeoutMs: config.llm.timeoutMs, clock, random });
  return {
    models,
    validators,
    embeddings,
    parseCode,
    clock,
    random,
    ...(tools === undefined ? {} : { tools }),
    close: () => {
      models?.close();
      embeddings.close();
    },
  };
}

/** What the services cannot do for a design: models of unknown providers, validators that must not be reached. */
export function checkServices(design: Design, { models, validators }: GenerationServices): Violation[] {
  return [...(models?.check(design) ?? []), ...(validators?.check(design) ?? [])];
}

import type { Design } from "../../../engine/data/design/design.ts";
import type { ModelConfig } from "../../../engine/data/design/models.ts";
import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import { requestParameters } from "../../../engine/data/llm/request-parameters.ts";
import type { EmbeddingOpener } from "../../../engine/data/steps/embedding.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import { type Embedder } from "../../gpu/incidents/embedder.ts";
import { type ModelProvider, findProvider } from "../llm/providers.ts";
import { createEmbeddingEndpoint, shortFloat } from "./embedding-endpoint.ts";
import { type SessionEmbedder, createEmbeddingSession } from "./embedding-session.ts";

export interface EmbeddingServices extends EmbeddingOpener {
  close(): void;
}

export interface EmbeddingServicesOptions {
  /** None: the built-in encoder makes all embeddings. */
  readonly providers: readonly ModelProvider[];
  /** For models that set no limit of their own. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Embeds over the endpoints of designs' model configs. Where no endpoint is configured, or a design has no config for an alias, the
 * sentence encoder that ships with the project is used: English, 512 dimensions, 50 to 100 texts a second.
 */
export function createEmbeddingServices(options: EmbeddingServicesOptions): EmbeddingServices {
  const { providers, clock, random } = options;
  const endpoints = new Map(
    providers.map(({ name, endpoint: baseUrl, apiKey, headers }) => {
      const key = apiKey?.reveal();
      return [
        name,
        createEmbeddingEndpoint({ baseUrl, headers, ...(key === undefined ? {} : { apiKey: key }) }),
      ] as const;
    }),
  );
  let builtin: Promise<Embedder> | undefined;
  const loadBuiltin = (): Promise<Embedder> =>
    (builtin ??= import("../../gpu/incidents/builtin-embedder.ts").then(({ createBuiltinEmbedder }) =>
      createBuiltinEmbedder(),
    ));

  function findModel(design: Design, alias: string): ModelConfig | undefined {
    return providers.length === 0 ? undefined : design.model_configs?.find((config) => config.alias === alias);
  }

  function endpointOf(config: ModelConfig): SessionEmbedder {
    const provider = findProvider(providers, config.provider);
    const ask = provider === undefined ? undefined : endpoints.get(provider.name);
    if (provider === undefined || ask === undefined) {
      throw new ServiceError("invalid_input", `model_configs "${config.alias}": no provider "${config.provider}"`);
    }
    const { inference_parameters: inference, model } = config;
    const own =
      inference.generation_type === "embedding"
        ? {
            encoding_format: inference.encoding_format,
            ...(inference.dimensions === null ? {} : { dimensions: inference.dimensions }),
          }
        : {};
    const parameters = { ...provider.extraBody, ...own, ...requestParameters(inference, random) };
    const timeoutMs = inference.timeout === null ? options.timeoutMs : inference.timeout * 1_000;
    return {
      model,
      provider: provider.name,
      prices: provider.prices,
      maxParallel: inference.max_parallel_requests,
      ask: (texts, signal) => ask({ model, texts, parameters, timeoutMs, signal }),
    };
  }

  async function builtinOf(design: Design, alias: string, onEvent: (event: GenerationEvent) => void) {
    const embedder = await loadBuiltin();
    onEvent({ type: "log", level: "info", message: builtinNotice(design, alias, embedder.id) });
    return {
      model: embedder.id,
      provider: "built-in",
      prices: undefined,
      // One thread does the arithmetic; a second request is ready when the first one ends.
      maxParallel: 2,
      ask: async (texts, signal) => {
        const vectors = await embedder.embed(texts, signal);
        return { kind: "answer", vectors: vectors.map((vector) => Array.from(vector, shortFloat)), inputTokens: 0 };
      },
    } satisfies SessionEmbedder;
  }

  return {
    open: async ({ design, onEvent }) => {
      const models = new Map<string, SessionEmbedder>();
      const aliasOf = new Map<string, string>();
      for (const column of design.columns) {
        if (column.column_type !== "embedding") continue;
        const { name, model_alias: alias } = column;
        aliasOf.set(name, alias);
        if (models.has(alias)) continue;
        const config = findModel(design, alias);
        models.set(alias, config === undefined ? await builtinOf(design, alias, onEvent) : endpointOf(config));
      }
      return createEmbeddingSession({ models, aliasOf, clock, random, onEvent });
    },
    close: () => {
      for (const endpoint of endpoints.values()) endpoint.close();
      void builtin?.then((embedder) => embedder.close());
      builtin = undefined;
    },
  };
}

function builtinNotice({ model_configs: configs }: Design, alias: string, id: string): string {
  const inference = configs?.find((config) => config.alias === alias)?.inference_parameters;
  const dimensions = inference?.generation_type === "embedding" ? inference.dimensions : null;
  const asked = dimensions === null || dimensions === 512 ? "" : `, not the ${dimensions} that are asked for`;
  return `embeddings of "${alias}" are made by the built-in encoder ${id}: 512 dimensions${asked}`;
}

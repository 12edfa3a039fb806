import path from "node:path";

import type { Config } from "../../../lib/config.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import { createBuiltinEmbedder } from "./builtin-embedder.ts";
import { createChromaVectorIndex } from "./chroma-vector-index.ts";
import type { Embedder } from "./embedder.ts";
import { createHttpEmbedder } from "./http-embedder.ts";
import { createHybridIndex } from "./hybrid-index.ts";
import type { IncidentIndex } from "./incident.ts";
import { openIncidentStore } from "./incident-store.ts";
import { createMinilmEmbedder } from "./minilm-embedder.ts";
import { seedIncidents } from "./seed-incidents.ts";
import { createMemoryVectorIndex } from "./vector-index.ts";

export interface IncidentIndexOptions {
  readonly config: Config["incidents"];
  /** Folder of the store; `:memory:` keeps nothing. */
  readonly home: string;
  readonly log: Log;
}

/** The index the settings ask for. Weights and connections are opened by the first search, not here. */
export async function createIncidentIndex({ config, home, log }: IncidentIndexOptions): Promise<IncidentIndex> {
  const embedder = createConfiguredEmbedder(config.embeddings);
  const vectors = config.chromaUrl
    ? createChromaVectorIndex({ url: config.chromaUrl, collection: config.chromaCollection })
    : createMemoryVectorIndex();
  return createHybridIndex({
    seeds: seedIncidents(),
    store: openIncidentStore(home === ":memory:" ? home : path.join(home, "incidents.sqlite")),
    ...(embedder ? { dense: { embedder, vectors } } : {}),
    log,
  });
}

/** The embedder the settings ask for; undefined for none. Throws `invalid_input` when a needed setting is missing. */
export function createConfiguredEmbedder({
  provider,
  baseUrl,
  apiKey,
  model,
  path: folder,
}: Config["incidents"]["embeddings"]): Embedder | undefined {
  switch (provider) {
    case "none":
      return undefined;
    case "builtin":
      return createBuiltinEmbedder();
    case "minilm":
      return createMinilmEmbedder({ folder: folder ?? "models", model: model ?? "all-MiniLM-L6-v2" });
    case "openai":
      if (!baseUrl) throw new ServiceError("invalid_input", "EMBEDDINGS_PROVIDER=openai needs EMBEDDINGS_BASE_URL");
      return createHttpEmbedder({ baseUrl, model: model ?? "text-embedding-3-small", apiKey });
  }
}

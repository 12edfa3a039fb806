import path from "node:path";
import { pathToFileURL } from "node:url";

import type { Config } from "../../lib/config.ts";
import { errorMessage } from "../../lib/errors.ts";
import { createConfiguredEmbedder } from "../../tools/gpu/incidents/create-index.ts";
import { GraphConfigError, type LanggraphConfig } from "../graph-registry.ts";
import type { GraphStoreOptions } from "./graph-store.ts";
import { createItemIndex } from "./rank-items.ts";

type Embed = (texts: readonly string[]) => Promise<readonly ArrayLike<number>[]>;

export interface OpenedIndex {
  readonly options: Pick<GraphStoreOptions, "index" | "ttl">;
  close(): Promise<void>;
}

/**
 * What the `store` block of `langgraph.json` asks for. `index.embed` is `provider:model` (answered by the embeddings of
 * the settings) or `./file.ts:export` of a function from texts to vectors or of a LangChain embeddings object. Throws GraphConfigError.
 */
export async function openStoreIndex(langgraph: LanggraphConfig, config: Config): Promise<OpenedIndex> {
  const { index, ttl } = langgraph.store;
  const ttlOptions =
    ttl == null
      ? {}
      : { ttl: { defaultMinutes: ttl.default_ttl ?? null, isRefreshedOnRead: ttl.refresh_on_read ?? true } };
  if (index == null) return { options: ttlOptions, close: async () => {} };
  const { embed, close } = isPath(index.embed)
    ? { embed: await importEmbed(langgraph.file, index.embed), close: async () => {} }
    : fromSettings(config, index.embed);
  const checked: Embed = async (texts) => {
    const vectors = await embed(texts);
    const wrong = vectors.find((vector) => vector.length !== index.dims);
    if (wrong === undefined) return vectors;
    throw new GraphConfigError(`store.index.dims is ${index.dims}, but vectors have ${wrong.length} numbers`);
  };
  return {
    options: { ...ttlOptions, index: createItemIndex({ embed: checked, fields: index.fields ?? ["$"] }) },
    close,
  };
}

function isPath(embed: string): boolean {
  return embed.startsWith(".") || embed.startsWith("/");
}

function fromSettings(config: Config, name: string): { embed: Embed; close(): Promise<void> } {
  const embedder = createConfiguredEmbedder(config.incidents.embeddings);
  if (embedder === undefined) {
    throw new GraphConfigError(`store.index.embed is "${name}", but EMBEDDINGS_PROVIDER is none`);
  }
  return { embed: (texts) => embedder.embed(texts), close: () => embedder.close() };
}

async function importEmbed(langgraphFile: string, spec: string): Promise<Embed> {
  const colon = spec.lastIndexOf(":");
  const [name, exportName] = colon > 0 ? [spec.slice(0, colon), spec.slice(colon + 1)] : [spec, "default"];
  const file = path.resolve(path.dirname(langgraphFile), name);
  let found: unknown;
  try {
    const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    found = module[exportName];
  } catch (error) {
    throw new GraphConfigError(`store.index.embed: cannot import ${file}: ${errorMessage(error)}`, { cause: error });
  }
  // What upstream users export here: a function, or LangChain embeddings.
  if (typeof found === "function") return found as Embed;
  const documents: unknown = typeof found === "object" && found !== null ? Reflect.get(found, "embedDocuments") : null;
  if (typeof documents === "function") {
    return (texts) => (documents as (texts: string[]) => ReturnType<Embed>).call(found, [...texts]);
  }
  throw new GraphConfigError(`store.index.embed: ${file} exports no embeddings as "${exportName}"`);
}

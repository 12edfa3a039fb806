import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";

import { z } from "zod";

import { errorMessage } from "../lib/errors.ts";
import { uuid5 } from "../lib/ids.ts";
import { type GraphFactory, type ServedGraph, importExport, importGraph, toGraphSource } from "./graph-loader.ts";
import { AuthBlock, HttpBlock } from "./http-block.ts";
import { keysWithoutEffect } from "./langgraph-keys.ts";
import { CheckpointerBlock, StoreBlock } from "./storage-blocks.ts";
import { WebhooksBlock } from "./webhooks-block.ts";

/** Namespace from which every LangGraph server derives the assistant of a graph. */
const ASSISTANT_NAMESPACE = "6ba7b821-9dad-11d1-80b4-00c04fd430c8";

/** Id of the assistant that exists for `graphId` without anybody creating it. */
export function systemAssistantId(graphId: string): string {
  return uuid5(graphId, ASSISTANT_NAMESPACE);
}

export interface GraphRegistry {
  readonly graphIds: readonly string[];
  /** What graphs say about themselves, by id. */
  readonly descriptions: Readonly<Record<string, string>>;
  /** Default config per graph id, as `LANGGRAPH_CONFIG` gives it. */
  readonly defaults: Readonly<Record<string, unknown>>;
  has(graphId: string): boolean;
  /** The graph itself when it does not depend on the config of a run; undefined for factories and unknown ids. */
  static(graphId: string): ServedGraph | undefined;
  /** The graph to run; a factory is called with `config`. Throws on an unknown id or when the factory throws. */
  load(graphId: string, config: Readonly<Record<string, unknown>>): Promise<ServedGraph>;
}

export interface GraphRegistryOptions {
  /** Graph id to a compiled graph, a builder, or a function of the config that gives either. */
  readonly graphs: Readonly<Record<string, unknown>>;
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly descriptions?: Readonly<Record<string, string>>;
}

/** Thrown when `langgraph.json` or a graph it names cannot be used. The message says which file and which export. */
export class GraphConfigError extends Error {
  override readonly name = "GraphConfigError";
}

export function createGraphRegistry({ graphs, defaults = {}, descriptions = {} }: GraphRegistryOptions): GraphRegistry {
  const sources = new Map<string, ServedGraph | GraphFactory>();
  for (const [graphId, value] of Object.entries(graphs)) {
    const source = toGraphSource(value);
    if (source === undefined) {
      throw new GraphConfigError(
        `graph "${graphId}": expected a compiled graph, a graph builder or a function that gives one`,
      );
    }
    sources.set(graphId, source);
  }
  return {
    graphIds: [...sources.keys()],
    descriptions,
    defaults,
    has: (graphId) => sources.has(graphId),
    static: (graphId) => {
      const source = sources.get(graphId);
      return typeof source === "function" ? undefined : source;
    },
    load: async (graphId, config) => {
      const source = sources.get(graphId);
      if (source === undefined) throw new GraphConfigError(`no graph "${graphId}"`);
      if (typeof source !== "function") return source;
      // Factories as upstream users write them read `config.configurable.something` without a look at `configurable`.
      return await source({ ...config, configurable: { ...(config["configurable"] as object | null | undefined) } });
    },
  };
}

const GraphSpec = z.union([z.string(), z.looseObject({ path: z.string(), description: z.string().nullish() })]);

const LanggraphJson = z.looseObject({
  graphs: z.record(z.string(), GraphSpec).refine((graphs) => Object.keys(graphs).length > 0, {
    error: 'names no graph; add one, as in {"agent": "./agent.ts:graph"}',
  }),
  env: z
    .union([z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)), z.string()], {
      error: "must be an object of texts, numbers and booleans, or the path of a file",
    })
    .optional(),
  store: StoreBlock.nullish(),
  checkpointer: CheckpointerBlock.nullish(),
  auth: AuthBlock.nullish(),
  http: HttpBlock.nullish(),
  webhooks: WebhooksBlock.nullish(),
});

/** A place in a module, as `langgraph.json` names it: `./file.ts:export`. */
export interface ExportRef {
  readonly file: string;
  readonly exportName: string;
}

export interface LanggraphConfig {
  /** Absolute path of the `langgraph.json`. */
  readonly file: string;
  readonly graphs: Readonly<Record<string, ExportRef>>;
  /** What graphs say about themselves, by id. */
  readonly descriptions: Readonly<Record<string, string>>;
  /** Variables of the `env` block, or of the file it names. The caller applies them before the graphs are loaded. */
  readonly env: Readonly<Record<string, string>>;
  readonly store: StoreBlock;
  readonly checkpointer: CheckpointerBlock;
  /** The custom `Auth`, when there is one. */
  readonly auth?: ExportRef & { readonly isStudioDisabled: boolean };
  readonly http: HttpBlock;
  /** Routes of one's own, of `http.app`. */
  readonly httpApp?: ExportRef;
  readonly webhooks: WebhooksBlock;
  /** Dotted keys that are set and change nothing here. */
  readonly keysWithoutEffect: readonly string[];
}

/** Reads `langgraph.json` without importing a graph. Throws GraphConfigError that names the file and the field. */
export async function readLanggraphConfig(file: string): Promise<LanggraphConfig> {
  const absolute = path.resolve(file);
  const folder = path.dirname(absolute);
  const parsed = LanggraphJson.safeParse(parseJson(await readText(absolute), absolute));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new GraphConfigError(
      `${absolute}: ${issue?.path.join(".") || "the file"}: ${issue?.message ?? "is invalid"}`,
    );
  }
  const graphs: Record<string, ExportRef> = {};
  const descriptions: Record<string, string> = {};
  for (const [graphId, spec] of Object.entries(parsed.data.graphs)) {
    const { path: place, description } = typeof spec === "string" ? { path: spec } : spec;
    graphs[graphId] = toExportRef(place, folder);
    if (description != null) descriptions[graphId] = description;
  }
  const { env, auth, http } = parsed.data;
  return {
    file: absolute,
    graphs,
    descriptions,
    store: parsed.data.store ?? {},
    checkpointer: parsed.data.checkpointer ?? {},
    keysWithoutEffect: keysWithoutEffect(parsed.data),
    http: http ?? {},
    webhooks: parsed.data.webhooks ?? {},
    ...(http?.app == null ? {} : { httpApp: toExportRef(http.app, folder) }),
    ...(auth == null
      ? {}
      : { auth: { ...toExportRef(auth.path, folder), isStudioDisabled: auth.disable_studio_auth ?? false } }),
    env: typeof env === "string" ? readEnv(await readText(path.resolve(folder, env))) : (env ?? {}),
  };
}

/** Imports what the `auth` or the `http.app` of `langgraph.json` names. Throws GraphConfigError that says what is wrong. */
export async function loadConfigured<Value>(
  { file }: LanggraphConfig,
  field: string,
  ref: ExportRef,
  use: (exported: unknown) => Value,
): Promise<Value> {
  try {
    return use(await importExport(ref.file, ref.exportName));
  } catch (error) {
    const where = `${field} of ${file}: ${ref.file}:${ref.exportName}`;
    throw new GraphConfigError(`${where}: ${errorMessage(error)}`, { cause: error });
  }
}

/** Imports every graph of `langgraph.json`. Throws GraphConfigError that names graph, file and export. */
export async function loadGraphRegistry(
  config: LanggraphConfig,
  options: { readonly defaults?: Readonly<Record<string, unknown>> } = {},
): Promise<GraphRegistry> {
  const graphs: Record<string, unknown> = {};
  for (const [graphId, { file, exportName }] of Object.entries(config.graphs)) {
    try {
      graphs[graphId] = await importGraph(file, exportName);
    } catch (error) {
      throw new GraphConfigError(`graph "${graphId}" of ${config.file}: ${errorMessage(error)}`, { cause: error });
    }
  }
  return createGraphRegistry({ graphs, defaults: options.defaults, descriptions: config.descriptions });
}

function toExportRef(text: string, folder: string): ExportRef {
  const colon = text.lastIndexOf(":");
  return {
    file: path.resolve(folder, colon > 0 ? text.slice(0, colon) : text),
    exportName: colon > 0 ? text.slice(colon + 1) || "default" : "default",
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new GraphConfigError(`cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GraphConfigError(`${file} is not valid JSON: ${errorMessage(error)}`, { cause: error });
  }
}

function readEnv(text: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parseEnv(text)).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

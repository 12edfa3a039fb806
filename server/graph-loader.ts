import { stat } from "node:fs/promises";
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

import type { Pregel } from "@langchain/langgraph/pregel";

import { errorMessage } from "../lib/errors.ts";

/**
 * A compiled graph, whatever its state. LangGraph's own types for "any graph" are written with `any`; this is the one
 * place where that is let in.
 */
// oxlint-disable-next-line typescript/no-explicit-any
export type ServedGraph = Pregel<any, any, any>;

export type GraphFactory = (config: Readonly<Record<string, unknown>>) => Promise<ServedGraph>;

/** What a module exports under a name. Throws with file and export named when it is not there. */
export async function importExport(file: string, exportName: string): Promise<unknown> {
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() !== true) throw new Error(`no such file: ${file}`);
  const module = await importModule(file);
  const value = module[exportName];
  if (value === undefined) {
    const known = Object.keys(module).join(", ") || "nothing";
    throw new Error(`${file} has no export "${exportName}"; it exports ${known}`);
  }
  return value;
}

/** The export of a module that is to be served as a graph. Throws with file and export named when it is none. */
export async function importGraph(file: string, exportName: string): Promise<unknown> {
  const source = await importExport(file, exportName);
  if (toGraphSource(source) === undefined) {
    throw new Error(`export "${exportName}" of ${file} is not a graph, a graph builder or a function that gives one`);
  }
  return source;
}

/** What the file exports: graphs, promises of them, and whatever else. Throws with the file named. */
async function importModule(file: string): Promise<Record<string, Promise<unknown> | undefined>> {
  // TypeScript projects write `./util.js` where the file is `util.ts`; Node takes names as they are written.
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        const twin = specifier.replace(/\.([cm]?)js$/, ".$1ts");
        if (twin === specifier || !specifier.startsWith(".")) throw error;
        try {
          return next(twin, context);
        } catch {
          throw error;
        }
      }
    },
  });
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, Promise<unknown> | undefined>;
  } catch (error) {
    throw new Error(`${file}: ${errorMessage(error)}`, { cause: error });
  } finally {
    hooks.deregister();
  }
}

/** The value as something that can be served; undefined when it is neither a graph nor a function. */
export function toGraphSource(value: unknown): ServedGraph | GraphFactory | undefined {
  const graph = toGraph(value);
  if (graph !== undefined) return graph;
  if (typeof value !== "function") return undefined;
  return async (config) => {
    // A graph factory of `langgraph.json` takes a runnable config; what it gives is checked right here.
    const made = await (value as (config: unknown) => Promise<unknown>)(config);
    const graph = toGraph(made);
    if (graph === undefined) throw new Error("the graph factory gave neither a compiled graph nor a graph builder");
    return graph;
  };
}

function toGraph(value: unknown): ServedGraph | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  // An agent of LangChain wraps the graph that does the work.
  if ("graph" in value && isPregel(value.graph)) return value.graph;
  if (isPregel(value)) return value;
  if ("compile" in value && typeof value.compile === "function") {
    const compiled: unknown = (value.compile as () => unknown)();
    return isPregel(compiled) ? compiled : undefined;
  }
  return undefined;
}

function isPregel(value: unknown): value is ServedGraph {
  return typeof value === "object" && value !== null && "lg_is_pregel" in value && value.lg_is_pregel === true;
}

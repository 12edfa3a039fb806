import type { Clock } from "../lib/clock.ts";
import { ServiceError } from "../lib/errors.ts";
import { type GraphRegistry, systemAssistantId } from "./graph-registry.ts";
import type { Assistant } from "./store/assistants.ts";
import type { Store } from "./store/store.ts";

/** Sees to it that every graph has its assistant. One that exists keeps what users have changed on it. */
export async function ensureSystemAssistants(store: Store, graphs: GraphRegistry, clock: Clock): Promise<void> {
  const nowMs = clock.now();
  for (const graphId of graphs.graphIds) {
    const assistant: Assistant = {
      assistantId: systemAssistantId(graphId),
      graphId,
      name: graphId,
      description: graphs.descriptions[graphId] ?? null,
      config: {},
      context: {},
      metadata: { created_by: "system" },
      version: 1,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    await createAssistant(store, assistant);
  }
}

/** Adds an assistant with its first version; false when its id is taken, and then nothing is changed. */
export function createAssistant(store: Store, assistant: Assistant): Promise<boolean> {
  return store.transaction(async (tables) => {
    if (!(await tables.assistants.insert(assistant))) return false;
    await tables.assistantVersions.add(assistant);
    return true;
  });
}

/** The assistant a caller means by its id or by a graph id. Throws `assistant_not_found`. */
export async function findAssistant(store: Store, graphs: GraphRegistry, idOrGraph: string): Promise<Assistant> {
  const assistant = await store.assistants.get(graphs.has(idOrGraph) ? systemAssistantId(idOrGraph) : idOrGraph);
  if (assistant === undefined) throw new ServiceError("assistant_not_found", "Assistant not found");
  if (!graphs.has(assistant.graphId)) {
    throw new ServiceError(
      "assistant_not_found",
      `Assistant not found: its graph "${assistant.graphId}" is not served; graphs are ${graphs.graphIds.join(", ")}`,
    );
  }
  return assistant;
}

import type { RunnableConfig } from "@langchain/core/runnables";

import type { CheckpointRef } from "../schemas/common.ts";
import type { CheckpointBody } from "../schemas/thread-state.ts";

/** Null when the config addresses no thread, or no checkpoint although `needsId` asks for one. */
export function toWireCheckpoint(
  config: RunnableConfig | undefined,
  { needsId = true }: { needsId?: boolean } = {},
): CheckpointBody | null {
  const configurable: Readonly<Record<string, unknown>> = config?.configurable ?? {};
  const { thread_id: threadId, checkpoint_id: id, checkpoint_ns: ns, checkpoint_map: map } = configurable;
  if (typeof threadId !== "string") return null;
  if (needsId && typeof id !== "string") return null;
  return {
    thread_id: threadId,
    checkpoint_ns: typeof ns === "string" ? ns : "",
    checkpoint_id: typeof id === "string" ? id : null,
    checkpoint_map: map ?? null,
  };
}

/** The part of a runnable config that addresses a checkpoint; the thread is always the one of the path. */
export function toCheckpointConfig(reference: CheckpointRef | null | undefined): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  if (typeof reference?.checkpoint_ns === "string") config["checkpoint_ns"] = reference.checkpoint_ns;
  if (typeof reference?.checkpoint_id === "string") config["checkpoint_id"] = reference.checkpoint_id;
  if (reference?.checkpoint_map != null) config["checkpoint_map"] = reference.checkpoint_map;
  return config;
}

/** Config without callbacks and without LangGraph's internal keys, which start with two underscores. */
export function withoutInternals(config: unknown): unknown {
  if (typeof config !== "object" || config === null) return config;
  const { callbacks: _callbacks, configurable, ...rest } = config as Record<string, unknown>;
  if (typeof configurable !== "object" || configurable === null) return rest;
  return {
    ...rest,
    configurable: Object.fromEntries(Object.entries(configurable).filter(([key]) => !key.startsWith("__"))),
  };
}

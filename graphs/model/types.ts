import type { AIMessage, BaseMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";

import type { ToolDescription } from "../../mcp/client/tool-client.ts";

/** What a policy decides: words, tool calls, or both. A turn without calls ends the run. */
export interface PolicyTurn {
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly args: Readonly<Record<string, unknown>> }[];
}

/**
 * The deterministic agent: conversation in, next turn out. Pure: the same messages always give the same turn.
 * `canCallTools` is false on the last turn a run may take; a policy must then answer with what is there.
 */
export type OfflinePolicy = (conversation: readonly BaseMessage[], options: { canCallTools: boolean }) => PolicyTurn;

export interface ModelCall {
  /** Every message of the thread, as the state holds them; the offline policy reads these. */
  readonly conversation: readonly BaseMessage[];
  /** What an endpoint is sent: system prompt and the messages cut to size. Made only when one is asked. */
  readonly prompt: () => readonly BaseMessage[];
  /** Callbacks, signal and metadata of the node that asks. */
  readonly config: RunnableConfig;
  readonly canCallTools: boolean;
  /** Why the endpoint failed earlier in this run. It is then not asked again: its time limit has been paid once. */
  readonly endpointFailure?: string;
}

/**
 * A model tied to one graph's tools and policy. `call` answers a message whose `response_metadata.answered_by` names
 * what wrote it; after a fallback `response_metadata.fallback_reason` says why. Rejects with `model_failed` or
 * `timed_out` only when there is no fallback, or with the signal's reason.
 */
export interface BoundModel {
  call(call: ModelCall): Promise<AIMessage>;
}

export interface ModelHandle {
  readonly provider: "openai" | "offline";
  /** Written into `answered_by`: the model's name, or `offline policy`. */
  readonly label: string;
  /** One line for people: which model, where, and what happens when it fails. */
  describe(): string;
  bind(options: { tools: readonly ToolDescription[]; policy: OfflinePolicy }): BoundModel;
}

/** Name of the offline model in `answered_by` and in the start-up line. */
export const OFFLINE_LABEL = "offline policy";

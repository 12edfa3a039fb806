import { AIMessage } from "@langchain/core/messages";

import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { ToolDescription } from "../../mcp/client/tool-client.ts";
import type { EndpointChatModel } from "./endpoint-model.ts";
import { type ModelFailure, describeFailure, retryDelayMs } from "./failure.ts";
import { finishMessage } from "./normalise/finish-message.ts";
import { OfflineChatModel } from "./offline-model.ts";
import { type BoundModel, type ModelCall, OFFLINE_LABEL, type OfflinePolicy } from "./types.ts";

export interface ResilientOptions {
  readonly endpoint: EndpointChatModel;
  readonly label: string;
  readonly maxRetries: number;
  readonly fallback: "offline" | "none";
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function bindOffline(policy: OfflinePolicy): BoundModel {
  const model = new OfflineChatModel({ policy });
  return { call: (call) => callOffline(model, call) };
}

/** Asks the endpoint, repeats what can pass, and lets the offline policy go on when it does not. */
export function bindResilient(
  options: ResilientOptions,
  { tools, policy }: { tools: readonly ToolDescription[]; policy: OfflinePolicy },
): BoundModel {
  const offline = new OfflineChatModel({ policy });
  return {
    async call(call) {
      const fallBack = (reason: string) => callOffline(offline, call, { label: options.label, reason });
      if (call.endpointFailure !== undefined) return fallBack(call.endpointFailure);
      const outcome = await tryEndpoint(options, tools, call);
      if (outcome instanceof AIMessage) return outcome;
      options.log.warn({ model: options.label, reason: outcome.reason, fallback: options.fallback }, "model failed");
      if (options.fallback === "none") {
        throw new ServiceError("model_failed", `${options.label}: ${outcome.reason}`);
      }
      return fallBack(outcome.reason);
    },
  };
}

async function tryEndpoint(
  { endpoint, label, maxRetries, clock, random, log }: ResilientOptions,
  tools: readonly ToolDescription[],
  call: ModelCall,
): Promise<AIMessage | ModelFailure> {
  const { signal } = call.config;
  const prompt = call.prompt();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await endpoint.invoke([...prompt], {
        ...call.config,
        runName: "model",
        offered: call.canCallTools ? tools : [],
      });
      return finishMessage(answer, label);
    } catch (error) {
      signal?.throwIfAborted();
      const failure = describeFailure(error, clock.now());
      if (!failure.canRetry || attempt > maxRetries) return failure;
      const delayMs = retryDelayMs(failure, attempt, random);
      log.info({ model: label, reason: failure.reason, attempt, delay_ms: delayMs }, "model call repeated");
      await clock.sleep(delayMs, signal);
    }
  }
}

async function callOffline(
  model: OfflineChatModel,
  call: ModelCall,
  failed?: { label: string; reason: string },
): Promise<AIMessage> {
  const preface =
    failed &&
    `(The model ${failed.label} failed: ${failed.reason}. The built-in offline policy wrote this answer.)\n\n`;
  const answer = await model.invoke([...call.conversation], {
    ...call.config,
    runName: "model",
    canCallTools: call.canCallTools,
    ...(preface === undefined ? {} : { preface }),
  });
  return new AIMessage({
    ...(answer.id === undefined ? {} : { id: answer.id }),
    content: answer.text,
    tool_calls: answer.tool_calls ?? [],
    response_metadata: {
      answered_by: OFFLINE_LABEL,
      ...(failed === undefined ? {} : { fallback_from: failed.label, fallback_reason: failed.reason }),
    },
  });
}

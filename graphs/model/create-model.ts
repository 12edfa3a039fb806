import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { findOllama } from "./find-ollama.ts";
import { bindOffline, bindResilient } from "./resilient-model.ts";
import { type ModelHandle, OFFLINE_LABEL } from "./types.ts";

export interface CreateModelOptions {
  readonly config: Config["llm"];
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** For tests and proxies; the global one otherwise. */
  readonly fetch?: typeof fetch;
}

/**
 * The model the settings ask for. `auto` takes `LLM_BASE_URL` when set, else a local Ollama that lists a Nemotron
 * model, else the offline policy. Never fails because an endpoint is down: that shows in the first call and is
 * handled there. The OpenAI client is loaded only when an endpoint is used.
 */
export async function createModel(options: CreateModelOptions): Promise<ModelHandle> {
  const { config, clock } = options;
  switch (config.provider) {
    case "offline":
      return createOfflineHandle();
    case "openai": {
      if (config.baseUrl === undefined) {
        throw new ServiceError("invalid_input", "LLM_BASE_URL is needed when LLM_PROVIDER is openai");
      }
      return createEndpointHandle({ baseUrl: config.baseUrl, model: config.model }, options);
    }
    case "auto": {
      if (config.baseUrl !== undefined) {
        return createEndpointHandle({ baseUrl: config.baseUrl, model: config.model }, options);
      }
      const found = await findOllama({ host: config.ollamaHost, wanted: config.model, clock, fetch: options.fetch });
      return found === undefined ? createOfflineHandle() : createEndpointHandle(found, options);
    }
  }
}

function createOfflineHandle(): ModelHandle {
  return {
    provider: "offline",
    label: OFFLINE_LABEL,
    describe: () => "offline (the built-in deterministic policy; set LLM_BASE_URL to use a language model)",
    bind: ({ policy }) => bindOffline(policy),
  };
}

async function createEndpointHandle(
  target: { baseUrl: string; model: string },
  { config, clock, random, log, fetch }: CreateModelOptions,
): Promise<ModelHandle> {
  const { EndpointChatModel } = await import("./endpoint-model.ts");
  const endpoint = new EndpointChatModel({
    baseUrl: target.baseUrl,
    model: target.model,
    apiKey: config.apiKey,
    temperature: config.temperature,
    maxTokens: config.maxTokens,
    timeoutMs: config.timeoutMs,
    clock,
    ...(fetch === undefined ? {} : { fetch }),
  });
  const { maxRetries, fallback } = config;
  const label = target.model;
  return {
    provider: "openai",
    label,
    describe: () =>
      `${label} at ${target.baseUrl}${fallback === "offline" ? "; the offline policy takes over when it fails" : ""}`,
    bind: (binding) => bindResilient({ endpoint, label, maxRetries, fallback, clock, random, log }, binding),
  };
}

import { z } from "zod";

import { type Setting, integer, secret, setting, text, url } from "./setting.ts";

/** The model that plans and explains. */
export const MODEL_SETTINGS = {
  LLM_PROVIDER: setting(
    "model",
    z.enum(["auto", "openai", "offline"]).default("auto"),
    "auto",
    "`openai`: any OpenAI-compatible endpoint. `offline`: the built-in deterministic model. `auto`: `LLM_BASE_URL` when set, else a local Ollama that lists a Nemotron model, else `offline`.",
  ),
  LLM_BASE_URL: setting(
    "model",
    url.optional(),
    "",
    "Base URL of the endpoint, for example `http://127.0.0.1:11434/v1`.",
  ),
  LLM_API_KEY: secret("model", "Key sent to the endpoint."),
  LLM_MODEL: setting("model", text.optional(), "nemotron-3-nano", "Model name at the endpoint."),
  NEMOTRON_MODEL: setting("model", text.optional(), "", "Older name of `LLM_MODEL`; used when that is unset."),
  OLLAMA_HOST: setting(
    "model",
    text.default("http://127.0.0.1:11434"),
    "http://127.0.0.1:11434",
    "Where `auto` looks for Ollama.",
  ),
  LLM_FALLBACK: setting(
    "model",
    z.enum(["offline", "none"]).default("offline"),
    "offline",
    "What answers when the endpoint fails during a run.",
  ),
  LLM_TIMEOUT_MS: setting(
    "model",
    integer(100, 3_600_000).default(60_000),
    "60000",
    "Longest silence accepted from the endpoint: before the first token and between tokens.",
  ),
  LLM_MAX_RETRIES: setting(
    "model",
    integer(0, 10).default(2),
    "2",
    "Further tries after a connection error, 408, 429 or 5xx.",
  ),
  LLM_TEMPERATURE: setting(
    "model",
    text
      .regex(/^\d+(\.\d+)?$/, "must be a number from 0 to 2")
      .transform(Number)
      .refine((value) => value <= 2, "must be a number from 0 to 2")
      .default(0.6),
    "0.6",
    "Sampling temperature, 0 to 2.",
  ),
  LLM_MAX_TOKENS: setting(
    "model",
    integer(16, 1_000_000).default(4_096),
    "4096",
    "Most tokens the endpoint may write per turn.",
  ),
  AGENT_MAX_STEPS: setting("model", integer(1, 100).default(10), "10", "Most reasoner turns in one run."),
} as const satisfies Record<string, Setting>;

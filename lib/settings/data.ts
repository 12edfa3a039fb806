import { z } from "zod";

import { type Setting, integer, secret, setting, text, url } from "./setting.ts";

/** Datasets: who makes them, and within which limits. */
export const DATA_SETTINGS = {
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
} as const satisfies Record<string, Setting>;

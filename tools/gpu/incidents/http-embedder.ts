import { z } from "zod";

import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import type { Secret } from "../../../lib/secret.ts";
import { type Embedder, normalize } from "./embedder.ts";

const Reply = z.object({ data: z.array(z.object({ index: z.number().int(), embedding: z.array(z.number()) })) });

/** Texts sent in one request. */
const BATCH_TEXTS = 64;
const TIMEOUT_MS = 30_000;

export interface HttpEmbedderOptions {
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey?: Secret;
}

/** `POST <base>/embeddings` of the OpenAI API, which NIM, vLLM, Ollama and LiteLLM serve as well. */
export function createHttpEmbedder({ baseUrl, model, apiKey }: HttpEmbedderOptions): Embedder {
  const url = `${baseUrl.replace(/\/+$/, "")}/embeddings`;

  const embedBatch = async (texts: readonly string[], signal?: AbortSignal): Promise<readonly Float32Array[]> => {
    const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(apiKey ? { authorization: `Bearer ${apiKey.reveal()}` } : {}),
      },
      body: JSON.stringify({ model, input: texts, encoding_format: "float" }),
      signal: AbortSignal.any(limits),
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`);
    const { data } = Reply.parse(await response.json());
    if (data.length !== texts.length) throw new Error(`${texts.length} texts sent, ${data.length} vectors came back`);
    return [...data].sort((left, right) => left.index - right.index).map(({ embedding }) => normalize(embedding));
  };

  return {
    id: `openai:${model}`,
    async embed(texts, signal) {
      const vectors: Float32Array[] = [];
      try {
        for (let start = 0; start < texts.length; start += BATCH_TEXTS) {
          vectors.push(...(await embedBatch(texts.slice(start, start + BATCH_TEXTS), signal)));
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw new ServiceError("unavailable", `embeddings endpoint ${url}: ${errorMessage(error)}`, { cause: error });
      }
      return vectors;
    },
    async close() {},
  };
}

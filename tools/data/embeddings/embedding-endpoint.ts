import { z } from "zod";

import { type ModelEndpointOptions, type ModelFailure, createModelRequest, parseJson } from "../llm/model-request.ts";

export interface EmbeddingCall {
  readonly model: string;
  readonly texts: readonly string[];
  /** Further fields of the body: `encoding_format`, `dimensions` and what the provider takes. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export type EmbeddingResult =
  | { readonly kind: "answer"; readonly vectors: readonly (readonly number[])[]; readonly inputTokens: number }
  | ModelFailure;

/** Embeds some texts, one vector each, in order. Resolves for every failure; rejects only when the signal aborts. */
export type EmbeddingEndpoint = (call: EmbeddingCall) => Promise<EmbeddingResult>;

const Answer = z.object({
  data: z.array(z.object({ index: z.number().int(), embedding: z.union([z.array(z.number()), z.base64()]) })),
  usage: z.object({ prompt_tokens: z.number().nullish(), total_tokens: z.number().nullish() }).nullish(),
});

/** `POST <base>/embeddings` of the OpenAI API. */
export function createEmbeddingEndpoint(options: ModelEndpointOptions): EmbeddingEndpoint & { close(): void } {
  const send = createModelRequest("/embeddings", options);
  const ask: EmbeddingEndpoint = async ({ model, texts, parameters, timeoutMs, signal }) => {
    const body = JSON.stringify({ ...parameters, model, input: texts });
    const sent = await send({ body, timeoutMs, signal });
    return sent.kind === "text" ? readAnswer(sent.text, texts.length) : sent;
  };
  return Object.assign(ask, { close: () => send.close() });
}

function readAnswer(text: string, count: number): EmbeddingResult {
  const parsed = Answer.safeParse(parseJson(text));
  if (!parsed.success) return { kind: "server", message: `no embeddings: ${text.slice(0, 200)}` };
  const { data, usage } = parsed.data;
  const vectors = data
    .toSorted((left, right) => left.index - right.index)
    .map(({ embedding }) => (typeof embedding === "string" ? decodeVector(embedding) : embedding));
  const lengths = new Set(vectors.map((vector) => vector.length));
  if (vectors.length !== count || lengths.size > 1 || lengths.has(0)) {
    const shape = `${vectors.length} vectors of ${[...lengths].join(", ")} numbers`;
    return { kind: "server", message: `${shape} for ${count} texts` };
  }
  return { kind: "answer", vectors, inputTokens: usage?.prompt_tokens ?? usage?.total_tokens ?? 0 };
}

/** 32-bit floats, little end first. */
function decodeVector(base64: string): readonly number[] {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => shortFloat(bytes.readFloatLE(at * 4)));
}

/** A 32-bit float in as few digits as tell it from its neighbours: as a 64-bit one it would be written in 17. */
export function shortFloat(value: number): number {
  for (const digits of [7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

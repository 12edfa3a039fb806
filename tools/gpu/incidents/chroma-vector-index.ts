import type { Chroma } from "@langchain/community/vectorstores/chroma";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";

import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { type VectorIndex, bestPerIncident } from "./vector-index.ts";

/** Chroma embeds nothing here: vectors come from our own embedder, and a call to this says where one is missing. */
const NO_EMBEDDINGS: EmbeddingsInterface = {
  embedDocuments: () => Promise.reject(new Error("vectors are made before they reach Chroma")),
  embedQuery: () => Promise.reject(new Error("vectors are made before they reach Chroma")),
};

/** Rows sent to Chroma in one request. */
const BATCH_ROWS = 200;

/**
 * Vectors in a Chroma server, cosine space. The packages are loaded with the first call, so a service without Chroma
 * does not pay for them. Rejects with ServiceError `unavailable` naming the URL when the server fails.
 */
export function createChromaVectorIndex({ url, collection }: { url: string; collection: string }): VectorIndex {
  let opened: Promise<Chroma> | undefined;

  const open = async (): Promise<Chroma> => {
    const [{ Chroma }, { ChromaClient }] = await Promise.all([
      import("@langchain/community/vectorstores/chroma"),
      import("chromadb"),
    ]);
    const { hostname, port, protocol } = new URL(url);
    const ssl = protocol === "https:";
    const index = new ChromaClient({ host: hostname, port: Number(port || (ssl ? 443 : 80)), ssl });
    return new Chroma(NO_EMBEDDINGS, {
      index,
      collectionName: collection,
      collectionMetadata: { "hnsw:space": "cosine" },
    });
  };

  const call = async <Value>(work: (store: Chroma) => Promise<Value>): Promise<Value> => {
    try {
      opened ??= open();
      return await work(await opened);
    } catch (error) {
      opened = undefined;
      throw new ServiceError("unavailable", `Chroma at ${url}, collection "${collection}": ${errorMessage(error)}`, {
        cause: error,
      });
    }
  };

  return {
    async upsert(rows) {
      for (let start = 0; start < rows.length; start += BATCH_ROWS) {
        const batch = rows.slice(start, start + BATCH_ROWS);
        await call((store) =>
          store.addVectors(
            batch.map(({ vector }) => [...vector]),
            batch.map(({ text, incidentId }) => ({ pageContent: text, metadata: { incident_id: incidentId } })),
            { ids: batch.map(({ id }) => id) },
          ),
        );
      }
    },
    nearest: (vector, segments) =>
      call(async (store) => {
        const found = await store.similaritySearchVectorWithScore([...vector], segments);
        return bestPerIncident(
          found.map(([document, distance]) => ({
            incidentId: String(document.metadata["incident_id"]),
            similarity: 1 - distance,
          })),
        );
      }),
  };
}

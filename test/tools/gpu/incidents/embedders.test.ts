import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { createLog } from "../../../../lib/log.ts";
import { Secret } from "../../../../lib/secret.ts";
import { createBuiltinEmbedder } from "../../../../tools/gpu/incidents/builtin-embedder.ts";
import { cosine } from "../../../../tools/gpu/incidents/embedder.ts";
import { createHttpEmbedder } from "../../../../tools/gpu/incidents/http-embedder.ts";
import { createHybridIndex } from "../../../../tools/gpu/incidents/hybrid-index.ts";
import { openIncidentStore } from "../../../../tools/gpu/incidents/incident-store.ts";
import { createMinilmEmbedder } from "../../../../tools/gpu/incidents/minilm-embedder.ts";
import { incidentSegments, seedIncidents } from "../../../../tools/gpu/incidents/seed-incidents.ts";
import { shippedVector } from "../../../../tools/gpu/incidents/shipped-vectors.ts";
import { createMemoryVectorIndex } from "../../../../tools/gpu/incidents/vector-index.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** An OpenAI-compatible embeddings endpoint: letter counts as vectors, so equal texts are equal and others are not. */
async function startEndpoint(
  fail?: () => boolean,
): Promise<{ url: string; requests: { body: string; key?: string }[] }> {
  const requests: { body: string; key?: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      requests.push({ body, key: request.headers.authorization });
      if (fail?.()) {
        response.writeHead(500).end("out of GPUs");
        return;
      }
      const { input } = JSON.parse(body) as { input: string[] };
      const data = input.map((text, index) => ({
        index,
        embedding: Array.from(
          { length: 26 },
          (_, letter) => text.toLowerCase().split(String.fromCharCode(97 + letter)).length - 1,
        ),
      }));
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ data: data.reverse() }));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`, requests };
}

describe("built-in sentence encoder", () => {
  it("gives the vectors that are shipped for the shipped texts", async () => {
    const embedder = createBuiltinEmbedder();
    const texts = seedIncidents().flatMap((incident) => incidentSegments(incident));
    for (const text of texts) expect(shippedVector(embedder.id, text), text).toBeDefined();
    const sample = texts.filter((_text, position) => position % 40 === 0);
    const vectors = await embedder.embed(sample);
    await embedder.close();
    for (const [position, text] of sample.entries()) {
      const shipped = shippedVector(embedder.id, text);
      expect(shipped && cosine(shipped, vectors[position]!), text).toBeGreaterThan(0.995);
    }
    expect(shippedVector("another-model", sample[0]!)).toBeUndefined();
  });

  it("answers requests that overlap, and refuses after it is closed without hanging", async () => {
    const embedder = createBuiltinEmbedder();
    const [[first], [second]] = await Promise.all([embedder.embed(["hot card"]), embedder.embed(["hot card"])]);
    expect(cosine(first!, second!)).toBeCloseTo(1, 5);
    const pending = embedder.embed(["one more"]);
    await Promise.all([expect(pending).rejects.toMatchObject({ code: "unavailable" }), embedder.close()]);
  });
});

describe("embeddings endpoint", () => {
  it("sends model and key and puts the answers in the order of the texts", async () => {
    const { url, requests } = await startEndpoint();
    const embedder = createHttpEmbedder({ baseUrl: url, model: "embed-x", apiKey: new Secret("k1") });
    const [aaa, bbb] = await embedder.embed(["aaa", "bbb"]);
    expect(aaa?.[0]).toBe(1);
    expect(bbb?.[1]).toBe(1);
    expect(requests[0]?.key).toBe("Bearer k1");
    expect(JSON.parse(requests[0]!.body)).toMatchObject({ model: "embed-x", input: ["aaa", "bbb"] });
  });

  it("searches by words while the endpoint is down and takes it up again after", async () => {
    let isDown = true;
    const { url } = await startEndpoint(() => isDown);
    const index = createHybridIndex({
      seeds: seedIncidents(),
      store: openIncidentStore(":memory:"),
      dense: { embedder: createHttpEmbedder({ baseUrl: url, model: "m" }), vectors: createMemoryVectorIndex() },
      log: createLog({ level: "silent" }),
    });
    const without = await index.search("driver library version mismatch", { topK: 1 });
    expect(without.method).toBe("lexical");
    expect(without.hits[0]?.incident.id).toBe("I09");
    isDown = false;
    expect((await index.search("driver library version mismatch", { topK: 1 })).method).toBe("hybrid");
    await index.close();
  });
});

describe("MiniLM from disk", () => {
  it("says which package to install when it is not there", async () => {
    const embedder = createMinilmEmbedder({ folder: "/nowhere", model: "all-MiniLM-L6-v2" });
    await expect(embedder.embed(["x"])).rejects.toThrow("npm install @huggingface/transformers");
  });
});

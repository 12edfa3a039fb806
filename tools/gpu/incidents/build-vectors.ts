import { writeFileSync } from "node:fs";

import { createBuiltinEmbedder } from "./builtin-embedder.ts";
import { textHash } from "./incident-store.ts";
import { incidentSegments, seedIncidents } from "./seed-incidents.ts";
import { packVector } from "./shipped-vectors.ts";

/** Writes seeds/incident-vectors.json anew; run by `npm run seeds:vectors` after a change of seeds/incidents.json. */
const embedder = createBuiltinEmbedder();
const texts = [...new Set(seedIncidents().flatMap((incident) => incidentSegments(incident)))];
const vectors: Record<string, string> = {};
for (const text of texts) {
  const [vector] = await embedder.embed([text]);
  if (vector) vectors[textHash(text)] = packVector(vector);
}
await embedder.close();
const content = { model: embedder.id, dimensions: 512, encoding: "int8 base64", vectors };
writeFileSync(
  new URL("../../../seeds/incident-vectors.json", import.meta.url),
  `${JSON.stringify(content, null, 2)}\n`,
);

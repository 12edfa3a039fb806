import shipped from "../../../seeds/incident-vectors.json" with { type: "json" };
import { normalize } from "./embedder.ts";
import { textHash } from "./incident-store.ts";

const vectors: Readonly<Record<string, string>> = shipped.vectors;

/**
 * The vector of a shipped text, made beforehand with the model it is asked for: 8 bits a number, which moves a cosine
 * by less than 0.01. Absent for another model or another text. `npm run seeds:vectors` makes the file.
 */
export function shippedVector(model: string, text: string): Float32Array | undefined {
  if (model !== shipped.model) return undefined;
  const packed = vectors[textHash(text)];
  if (packed === undefined) return undefined;
  return normalize(new Int8Array(Uint8Array.from(Buffer.from(packed, "base64")).buffer));
}

/** Inverse of `shippedVector` for a unit vector. */
export function packVector(vector: Float32Array): string {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
  return Buffer.from(Int8Array.from(vector, (value) => Math.round((value / largest) * 127)).buffer).toString("base64");
}

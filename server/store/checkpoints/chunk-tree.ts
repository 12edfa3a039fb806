import { hash } from "node:crypto";

import { splitBytes } from "./split-bytes.ts";

/** Where the bytes of a value lie: the key of a chunk, which is a piece of it (level 0) or a list of keys one level below. */
export interface ChunkRef {
  readonly level: number;
  readonly key: string;
}

export const KEY_BYTES = 16;
/** A list of keys ends behind a key whose first byte has these bits clear, after 32 keys on average. */
const END_MASK = 0x1f;
/** With at least four keys in a list every level is shorter than the one below. */
const MIN_KEYS = 4;
const MAX_KEYS = 256;

export interface Chunk {
  readonly key: Buffer;
  readonly data: Uint8Array;
  /** The chunks whose keys `data` lists; none for a piece. */
  readonly children: readonly Chunk[];
}

/** The tree of a value that is not empty, and how to find it again once it is written. */
export function buildChunks(bytes: Uint8Array): { readonly root: Chunk; readonly ref: ChunkRef } {
  let row: Chunk[] = splitBytes(bytes).map((data) => ({
    key: digest(data).subarray(0, KEY_BYTES),
    data,
    children: [],
  }));
  let level = 0;
  for (; row.length > 1; level += 1) row = groupByKeys(row).map(toList);
  const [root] = row;
  if (root === undefined) throw new Error("an empty value has no chunks");
  return { root, ref: { level, key: root.key.toString("hex") } };
}

function groupByKeys(chunks: readonly Chunk[]): Chunk[][] {
  const groups: Chunk[][] = [];
  let group: Chunk[] = [];
  for (const chunk of chunks) {
    group.push(chunk);
    const isEnd = ((chunk.key[0] ?? 0) & END_MASK) === 0;
    if ((isEnd && group.length >= MIN_KEYS) || group.length === MAX_KEYS) {
      groups.push(group);
      group = [];
    }
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Lists have the other half of the hash for a key: a value made to look like a list is not taken for one. */
function toList(children: readonly Chunk[]): Chunk {
  const data = Buffer.concat(children.map(({ key }) => key));
  return { key: digest(data).subarray(KEY_BYTES), data, children };
}

function digest(data: Uint8Array): Buffer {
  return hash("sha256", data, "buffer");
}

/** The bytes of a value, given how a chunk is found. */
export function joinPieces(ref: ChunkRef, get: (key: Buffer) => Buffer): Uint8Array {
  const pieces: Buffer[] = [];
  const visit = (key: Buffer, level: number): void => {
    const data = get(key);
    if (level === 0) pieces.push(data);
    else for (const child of keysIn(data)) visit(child, level - 1);
  };
  visit(Buffer.from(ref.key, "hex"), ref.level);
  // Not a Buffer: a value that is bytes is given to graphs, for which it was a plain array when it was stored.
  const bytes = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** What a list of keys lists. */
export function keysIn(list: Buffer): Buffer[] {
  return Array.from({ length: list.length / KEY_BYTES }, (_, index) =>
    list.subarray(index * KEY_BYTES, (index + 1) * KEY_BYTES),
  );
}

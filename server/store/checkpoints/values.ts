import type { Checkpoint, SerializerProtocol } from "@langchain/langgraph-checkpoint";

import { type Chunk, type ChunkRef, buildChunks } from "./chunk-tree.ts";

/** A smaller value stays in the row of its checkpoint: a chunk of its own would take more than it saves. */
export const MIN_CHUNKED_CHANNEL_BYTES = 1_024;
/** Writes are rarely alike, so that chunks pay off later. */
export const MIN_CHUNKED_WRITE_BYTES = 4_096;

/** The value of a channel that lies in chunks. */
export interface StoredValue {
  readonly channel: string;
  readonly version: string | number | undefined;
  readonly type: string;
  readonly ref: ChunkRef;
}

/** The values a row keeps in chunks; none for a row without, which an older version of the service wrote. */
export function readStored(chunks: string | null): readonly StoredValue[] {
  // The column holds what `packChannels` made.
  return chunks === null ? [] : (JSON.parse(chunks) as StoredValue[]);
}

export interface PackedCheckpoint {
  readonly checkpoint: readonly [type: string, bytes: Uint8Array];
  /** For the column of that name. */
  readonly chunks: string;
  readonly trees: readonly Chunk[];
}

/**
 * Serializes a checkpoint with its larger values apart from it. Each leaves a `null` behind, which keeps its place in the
 * order of the channels. No value is looked at again once the call has returned its promise.
 */
export async function packChannels(
  serde: SerializerProtocol,
  checkpoint: Checkpoint,
  inherited: ReadonlyMap<string, StoredValue>,
): Promise<PackedCheckpoint> {
  const channels = Object.entries(checkpoint.channel_values);
  const dumped = await Promise.all(
    channels.map(async ([channel, value]) => inherited.get(channel) ?? (await dump(serde, value))),
  );
  const stored: StoredValue[] = [];
  const trees: Chunk[] = [];
  const inRow: [channel: string, value: unknown][] = [];
  for (const [index, [channel]] of channels.entries()) {
    // Both lists have one item a channel.
    const result = dumped[index] as StoredValue | [string, Uint8Array];
    if ("ref" in result) {
      stored.push(result);
      inRow.push([channel, null]);
      continue;
    }
    const [type, bytes] = result;
    // What JSON leaves out, a function for example, serializes to nothing.
    if (bytes.length === 0 && type === "json") continue;
    if (bytes.length < MIN_CHUNKED_CHANNEL_BYTES) {
      // JSON of the serializer is plain data, which it writes again as it is.
      inRow.push([channel, type === "json" ? JSON.parse(new TextDecoder().decode(bytes)) : bytes]);
      continue;
    }
    const { root, ref } = buildChunks(bytes);
    trees.push(root);
    stored.push({ channel, version: checkpoint.channel_versions[channel], type, ref });
    inRow.push([channel, null]);
  }
  const row = { ...checkpoint, channel_values: Object.fromEntries(inRow) };
  return { checkpoint: await serde.dumpsTyped(row), chunks: JSON.stringify(stored), trees };
}

export interface PackedWrite {
  readonly type: string;
  readonly bytes: Uint8Array | null;
  readonly chunks: string | null;
  readonly tree: Chunk | undefined;
}

export async function packWrite(serde: SerializerProtocol, value: unknown): Promise<PackedWrite> {
  const [type, bytes] = await dump(serde, value);
  if (bytes.length < MIN_CHUNKED_WRITE_BYTES) return { type, bytes, chunks: null, tree: undefined };
  const { root, ref } = buildChunks(bytes);
  return { type, bytes: null, chunks: JSON.stringify(ref), tree: root };
}

/** The serializer passes bytes on as they are; a copy stays what it was when the run writes to them. */
function dump(serde: SerializerProtocol, value: unknown): Promise<[string, Uint8Array]> {
  return serde.dumpsTyped(value instanceof Uint8Array ? new Uint8Array(value) : value);
}

import { KEY_BYTES, type Chunk, type ChunkRef, joinPieces } from "../checkpoints/chunk-tree.ts";
import { type KnownChunks, nameOf } from "./known-chunks.ts";

export type Query = (text: string, values: readonly unknown[]) => Promise<{ rows: Record<string, unknown>[] }>;

/** A chunk that a row refers to was deleted meanwhile, and the row with it. */
export class ChunkMissingError extends Error {
  constructor(threadId: string, key: Buffer) {
    super(`chunk ${key.toString("hex")} of thread "${threadId}" is missing`);
    this.name = "ChunkMissingError";
  }
}

/** How a row names a value that lies in chunks: one byte for the level, and the key. */
export function packRef({ level, key }: ChunkRef): Buffer {
  return Buffer.concat([Buffer.from([level]), Buffer.from(key, "hex")]);
}

export function readRef(packed: Uint8Array): ChunkRef {
  return { level: packed[0] ?? 0, key: Buffer.from(packed.subarray(1)).toString("hex") };
}

/** Everything that can be reached from `roots (key, level)` of the thread `$1`, as `node (key, level)`. */
const reachable = (chunks: string, roots: string): string => `node (key, level) as (
    ${roots}
    union
    select substring(chunk.data from place.number * ${KEY_BYTES} + 1 for ${KEY_BYTES}), node.level - 1
      from node join ${chunks} as chunk on chunk.thread_id = $1 and chunk.key = node.key,
        generate_series(0, length(chunk.data) / ${KEY_BYTES} - 1) as place (number)
      where node.level > 0
  )`;

/** Reads values of a thread, all of them in one statement. Throws `ChunkMissingError`. */
export async function readChunked(
  { query, chunks, known }: { readonly query: Query; readonly chunks: string; readonly known: KnownChunks },
  threadId: string,
  refs: readonly ChunkRef[],
): Promise<(ref: ChunkRef) => Uint8Array> {
  const roots = "select decode(root.key, 'hex'), root.level from unnest($2::text[], $3::int[]) as root (key, level)";
  const { rows } =
    refs.length === 0
      ? { rows: [] }
      : await query(
          `with recursive ${reachable(chunks, roots)}
           select chunk.key, chunk.data from (select distinct key from node) as wanted
             join ${chunks} as chunk on chunk.thread_id = $1 and chunk.key = wanted.key`,
          [threadId, refs.map(({ key }) => key), refs.map(({ level }) => level)],
        );
  // The columns are those selected.
  const found = new Map((rows as { key: Buffer; data: Buffer }[]).map(({ key, data }) => [nameOf(key), data]));
  return (ref) => {
    const names = new Set<string>();
    const bytes = joinPieces(ref, (key) => {
      const name = nameOf(key);
      names.add(name);
      const data = found.get(name);
      if (data === undefined) throw new ChunkMissingError(threadId, key);
      return data;
    });
    known.add(threadId, ref, names);
    return bytes;
  };
}

/**
 * A statement that deletes what no value of the thread `$1` leads to. Whoever sends it has the thread's lock alone, and has
 * had it since before the statement began.
 */
export function sweepStatement(chunks: string, referring: readonly string[]): string {
  const roots = referring.map(
    (table) => `select substring(chunks from 2), get_byte(chunks, 0) from ${table}
      where thread_id = $1 and chunks is not null`,
  );
  return `with recursive ${reachable(chunks, roots.join(" union "))}
    delete from ${chunks} as chunk where thread_id = $1 and not exists (select from node where node.key = chunk.key)`;
}

/**
 * The columns of rows to insert, in four values whatever their number: all keys and all data as one text of bytes each, and
 * where the data of each begins and how long it is.
 */
export function packChunks(chunks: readonly Chunk[]): readonly [Buffer, Buffer, number[], number[]] {
  const lengths = chunks.map(({ data }) => data.length);
  let next = 1;
  const starts = lengths.map((length) => {
    const start = next;
    next += length;
    return start;
  });
  return [Buffer.concat(chunks.map(({ key }) => key)), Buffer.concat(chunks.map(({ data }) => data)), starts, lengths];
}

/** The rows of `packChunks` for the thread `$1`; `first` is the number of its first value. In the order given. */
export function unpackedRows(first: number): string {
  return `select $1::text,
      substring($${first}::bytea from ((number - 1) * ${KEY_BYTES})::int + 1 for ${KEY_BYTES}),
      substring($${first + 1}::bytea from start for size)
    from unnest($${first + 2}::int[], $${first + 3}::int[]) with ordinality as piece (start, size, number)`;
}

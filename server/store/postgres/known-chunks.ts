import { type Chunk, type ChunkRef, KEY_BYTES } from "../checkpoints/chunk-tree.ts";

/** What of some values is to be stored. */
export interface ChunkPlan {
  /** Chunks with everything below them that the others rely on; all of them were stored when they were last seen. */
  readonly witnesses: readonly Buffer[];
  /** Those that may not be stored, in the order of their keys, so that two statements do not wait for each other. */
  readonly missing: readonly Chunk[];
}

/** Values of one thread that are remembered; a run changes a few at a time. */
const ROOTS_PER_THREAD = 8;
const MAX_KEYS = 100_000;
/** A value of 60 MB; a process has few threads with such. */
const MAX_KEYS_OF_THREAD = 50_000;

type Keys = ReadonlySet<string>;

/**
 * Which chunks the database has, as far as this process has read or written them lately, so that a step which adds little to
 * a long value sends little. It is a guess, because others may delete what they do not need: whoever relies on it names a
 * witness for each chunk, the root of a stored value, and asks the database whether it is still there. Bounded.
 */
export class KnownChunks {
  readonly #threads = new Map<string, ReadonlyMap<string, Keys>>();
  #size = 0;

  /** `keys` are those of a stored value, its root included. */
  add(threadId: string, { key: root }: Pick<ChunkRef, "key">, keys: Keys): void {
    // So large a value would leave no room for others, and would be forgotten itself.
    if (keys.size > MAX_KEYS_OF_THREAD) return;
    const roots = new Map([...(this.#threads.get(threadId) ?? [])].filter(([other]) => other !== root));
    this.forget(threadId);
    roots.set(root, keys);
    for (const oldest of roots.keys()) {
      if (roots.size <= ROOTS_PER_THREAD && sizeOf(roots) <= MAX_KEYS_OF_THREAD) break;
      roots.delete(oldest);
    }
    this.#threads.set(threadId, roots);
    this.#size += sizeOf(roots);
    for (const oldest of this.#threads.keys()) {
      if (this.#size <= MAX_KEYS) break;
      this.forget(oldest);
    }
  }

  forget(threadId: string): void {
    this.#size -= sizeOf(this.#threads.get(threadId));
    this.#threads.delete(threadId);
  }

  plan(threadId: string, trees: readonly Chunk[]): ChunkPlan {
    const roots = [...(this.#threads.get(threadId) ?? [])].reverse();
    const witnesses = new Set<string>();
    const missing = new Map<string, Chunk>();
    const waiting = [...trees];
    for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
      const name = nameOf(chunk.key);
      if (missing.has(name)) continue;
      const witness = roots.find(([, keys]) => keys.has(name))?.[0];
      if (witness !== undefined) witnesses.add(witness);
      else {
        missing.set(name, chunk);
        waiting.push(...chunk.children);
      }
    }
    return {
      witnesses: [...witnesses].map((root) => Buffer.from(root, "hex")),
      missing: [...missing.values()].sort((left, right) => Buffer.compare(left.key, right.key)),
    };
  }
}

function sizeOf(roots: ReadonlyMap<string, Keys> | undefined): number {
  let size = 0;
  for (const keys of roots?.values() ?? []) size += keys.size;
  return size;
}

/** A key as text of one byte a character, which takes half of what hexadecimal digits do. */
export function nameOf(key: Buffer): string {
  return key.toString("latin1", 0, KEY_BYTES);
}

/** The keys of a tree. */
export function namesIn(root: Chunk): Keys {
  const names = new Set<string>();
  const waiting = [root];
  for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
    names.add(nameOf(chunk.key));
    waiting.push(...chunk.children);
  }
  return names;
}

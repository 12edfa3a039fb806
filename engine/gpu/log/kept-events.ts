import type { GpuEvent } from "../event.ts";

/** Kinds told apart when room is made; any further ones share a bucket. */
const MAX_BUCKETS = 64;

/** Events of one kind: the first ones for good, the later ones in a queue that loses its oldest. */
interface Bucket {
  readonly first: GpuEvent[];
  later: GpuEvent[];
  /** Where the queue begins in `later`. */
  start: number;
}

export interface KeptEvents {
  add: (event: GpuEvent) => void;
  /** Kept events in the order of their lines. */
  list: () => GpuEvent[];
  readonly dropped: number;
}

/**
 * Keeps at most `limit` events (1 or more): the earliest, where causes are, and the latest, where the present is. When it
 * is full, the most frequent kind gives way, so that a flood of corrected PCIe errors never pushes out a single XID 79.
 */
export function createKeptEvents(limit: number): KeptEvents {
  const firstLimit = Math.max(1, Math.ceil(limit / 8));
  const buckets = new Map<string, Bucket>();
  let kept = 0;
  let dropped = 0;

  function bucketOf(event: GpuEvent): Bucket {
    const kind = kindOf(event);
    const key = buckets.has(kind) || buckets.size < MAX_BUCKETS - 1 ? kind : "other";
    let bucket = buckets.get(key);
    if (bucket === undefined) {
      bucket = { first: [], later: [], start: 0 };
      buckets.set(key, bucket);
    }
    return bucket;
  }

  function makeRoom(): void {
    let largest: Bucket | undefined;
    for (const bucket of buckets.values()) {
      if (largest === undefined || sizeOf(bucket) > sizeOf(largest)) largest = bucket;
    }
    if (largest === undefined) return;
    if (largest.start < largest.later.length) {
      largest.start += 1;
      if (largest.start > 512 && largest.start * 2 > largest.later.length) {
        largest.later = largest.later.slice(largest.start);
        largest.start = 0;
      }
    } else {
      largest.first.pop();
    }
    kept -= 1;
    dropped += 1;
  }

  return {
    add(event) {
      const bucket = bucketOf(event);
      if (bucket.first.length < firstLimit && bucket.start === bucket.later.length) bucket.first.push(event);
      else bucket.later.push(event);
      kept += 1;
      if (kept > limit) makeRoom();
    },
    list() {
      const all: GpuEvent[] = [];
      for (const bucket of buckets.values()) {
        for (const event of bucket.first) all.push(event);
        for (let index = bucket.start; index < bucket.later.length; index += 1) {
          const event = bucket.later[index];
          if (event !== undefined) all.push(event);
        }
      }
      // Every line gives at most one event, so this order is total.
      return all.sort((left, right) => left.line - right.line);
    },
    get dropped() {
      return dropped;
    },
  };
}

function sizeOf(bucket: Bucket): number {
  return bucket.first.length + bucket.later.length - bucket.start;
}

function kindOf(event: GpuEvent): string {
  switch (event.kind) {
    case "xid":
      return `xid ${event.xid}`;
    case "sxid":
      return `sxid ${event.sxid}`;
    case "signal":
      return event.signal;
  }
}

import type { Database as SqliteDatabase } from "better-sqlite3";

import { type PointRow, selectPoint } from "./point.ts";

/**
 * The namespaces and ids of the checkpoints that a thread's state consists of: the newest of each namespace, and those before
 * it down to where its delta channels have their values, because in between there is only what was added.
 */
export function currentPoints(db: SqliteDatabase, threadId: string): [ns: string, id: string][] {
  const found: [string, string][] = [];
  const spaces = db.prepare("select distinct checkpoint_ns as ns from checkpoints where thread_id = ?").all(threadId);
  // The column is the one selected.
  for (const { ns } of spaces as { ns: string }[]) {
    // Ids are time-ordered, so the newest checkpoint of a namespace is the one with the greatest id.
    let row = selectPoint(db, { threadId, ns, id: undefined });
    let wanted = row === undefined ? [] : channelsWithoutValue(row);
    while (row !== undefined) {
      found.push([ns, row.checkpoint_id]);
      const id = row.parent_checkpoint_id;
      row = id === null || wanted.length === 0 ? undefined : selectPoint(db, { threadId, ns, id });
      if (row === undefined) break;
      const { channel_values: values = {} } = parse(row.checkpoint) as { channel_values?: object };
      wanted = wanted.filter((channel) => !Object.hasOwn(values, channel));
    }
  }
  return found;
}

/**
 * LangGraph counts what was added to each since its value was stored. Without a version a channel was never written, if the
 * thread has them for all that was.
 */
function channelsWithoutValue({ metadata, checkpoint }: PointRow): string[] {
  const { counters_since_delta_snapshot: counters, delta_writes_versioned: isVersioned } = parse(metadata) as {
    counters_since_delta_snapshot?: unknown;
    delta_writes_versioned?: unknown;
  };
  const { channel_versions: versions = {} } = parse(checkpoint) as { channel_versions?: object };
  const counted = typeof counters === "object" && counters !== null ? Object.keys(counters) : [];
  return counted.filter((channel) => isVersioned !== true || Object.hasOwn(versions, channel));
}

function parse(json: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(json));
}

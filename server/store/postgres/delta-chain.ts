import { writeOrder } from "./checkpoint-rows.ts";
import type { SaverTables } from "./saver-tables.ts";

/**
 * A delta channel has its value in few checkpoints; in the others it is that of an ancestor and what was written since. This
 * is the way back to it, as `chain (depth, ns, id, versions, wanted)`: a checkpoint of the thread `$1`, its parent and so on as
 * long as the value of a channel is wanted. `start` selects the namespace, id, parent, versions and wanted channels of where
 * it begins.
 */
const chain = ({ checkpoints, blobs }: SaverTables, start: string): string => `with recursive
  start (ns, id, parent_id, versions, wanted) as (${start}),
  chain (depth, ns, id, parent_id, versions, wanted) as (
    select 0, start.* from start
    union all
    select chain.depth + 1, point.checkpoint_ns, point.checkpoint_id, point.parent_checkpoint_id,
        point.checkpoint -> 'channel_versions', still.wanted
      from chain join ${checkpoints} as point
        on point.thread_id = $1 and point.checkpoint_ns = chain.ns and point.checkpoint_id = chain.parent_id
      cross join lateral (select array(
        select name from unnest(chain.wanted) as name where chain.depth = 0 or not exists (${valueOf(blobs, "name")})
      ) as wanted) as still
      where cardinality(still.wanted) > 0
  )`;

/** The value that a checkpoint of `chain` has for a channel. */
const valueOf = (blobs: string, channel: string): string => `select * from ${blobs} as value
  where value.thread_id = $1 and value.checkpoint_ns = chain.ns and value.channel = ${channel}
    and value.version = chain.versions ->> ${channel} and value.type <> 'empty'`;

/** The namespaces and ids of the checkpoints that the state of the thread `$1` consists of. */
export function selectCurrent(tables: SaverTables): string {
  const counters = "metadata -> 'counters_since_delta_snapshot'";
  // Without a version a channel was never written, if the thread has them for all that was.
  // Ids are time-ordered, so the newest checkpoint of a namespace is the one with the greatest id.
  const start = `select distinct on (checkpoint_ns) checkpoint_ns, checkpoint_id, parent_checkpoint_id,
      checkpoint -> 'channel_versions',
      case when jsonb_typeof(${counters}) <> 'object' then '{}' else array(
        select name from jsonb_object_keys(${counters}) as name
        where metadata ->> 'delta_writes_versioned' is distinct from 'true' or checkpoint -> 'channel_versions' ? name
      ) end
    from ${tables.checkpoints} where thread_id = $1 order by checkpoint_ns, checkpoint_id desc`;
  return `${chain(tables, start)} select ns, id from chain`;
}

export interface HistoryRow {
  /** Null in the row of a value, which is older than all writes of its channel. */
  readonly task_id: string | null;
  readonly channel: string;
  readonly type: string;
  readonly blob: Uint8Array | null;
  readonly chunks: Uint8Array | null;
}

/**
 * Selects what channels of a checkpoint consist of, oldest first. `condition` finds the checkpoint in the thread `$1`; the
 * names of the channels are the value with the number `names`.
 */
export function selectHistory(tables: SaverTables, condition: string, names: number): string {
  const start = `select checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint -> 'channel_versions',
    $${names}::text[] from ${tables.checkpoints} ${condition}`;
  return `${chain(tables, start)}
    select task_id, channel, found.type, found.blob, found.chunks from (
      select chain.depth, written.task_path, written.task_id, written.idx, written.channel, written.type, written.blob,
          written.chunks
        from chain join ${tables.writes} as written on written.thread_id = $1 and written.checkpoint_ns = chain.ns
          and written.checkpoint_id = chain.id and written.channel = any(chain.wanted)
        where chain.depth > 0
      union all
      select chain.depth, '', null, 0, value.channel, value.type, value.blob, value.chunks
        from chain cross join unnest(chain.wanted) as name
        cross join lateral (${valueOf(tables.blobs, "name")}) as value
        where chain.depth > 0
    ) as found order by depth desc, task_id is not null, ${writeOrder("found")}`;
}

import { type Checkpoint, type CheckpointTuple, TASKS } from "@langchain/langgraph-checkpoint";

import type { ChunkRef } from "../checkpoints/chunk-tree.ts";
import { addPendingSends } from "../checkpoints/pending-sends.ts";
import { readRef } from "./chunk-table.ts";
import type { SaverTables } from "./saver-tables.ts";

/** A value as it is stored: in the row or in chunks. */
type Stored = readonly [type: Uint8Array, blob: Uint8Array | null, chunks: Uint8Array | null];

export interface CheckpointRow {
  readonly thread_id: string;
  readonly checkpoint_ns: string;
  readonly checkpoint_id: string;
  readonly parent_checkpoint_id: string | null;
  readonly checkpoint: Omit<Checkpoint, "channel_values">;
  readonly metadata: Record<string, unknown>;
  readonly channel_values: readonly (readonly [channel: Uint8Array, ...Stored])[] | null;
  readonly pending_writes: readonly (readonly [taskId: Uint8Array, channel: Uint8Array, ...Stored])[] | null;
  /** What the parent's tasks sent, of a checkpoint before format 4. */
  readonly pending_sends: readonly Stored[] | null;
}

const bytes = (text: string): string => `convert_to(${text}, 'UTF8')`;

/** The order in which a run applies the writes of one step, by code points. */
export const writeOrder = (row: string): string =>
  `${row}.task_path collate "C", ${row}.task_id collate "C", ${row}.idx`;

/** Columns of a `Stored`. */
const storedColumns = (row: string): string => `${bytes(`${row}.type`)}, ${row}.blob, ${row}.chunks`;

/** Selects `CheckpointRow`s; conditions on the columns of `point` follow. */
export function selectPoints({ checkpoints, writes, blobs }: SaverTables): string {
  const written = (columns: string, condition: string): string => `(
      select array_agg(array[${columns}] order by ${writeOrder("written")}) from ${writes} as written
      where written.thread_id = point.thread_id and written.checkpoint_ns = point.checkpoint_ns and ${condition})`;
  return `select thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata, (
      select array_agg(array[${bytes("value.channel")}, ${storedColumns("value")}])
      from jsonb_each_text(point.checkpoint -> 'channel_versions') as current
      join ${blobs} as value on value.thread_id = point.thread_id and value.checkpoint_ns = point.checkpoint_ns
        and value.channel = current.key and value.version = current.value) as channel_values,
    ${written(
      `${bytes("written.task_id")}, ${bytes("written.channel")}, ${storedColumns("written")}`,
      "written.checkpoint_id = point.checkpoint_id",
    )} as pending_writes,
    case when (point.checkpoint ->> 'v')::int < 4 and parent_checkpoint_id is not null then ${written(
      storedColumns("written"),
      `written.checkpoint_id = point.parent_checkpoint_id and written.channel = '${TASKS}'`,
    )} end as pending_sends
    from ${checkpoints} as point`;
}

/** Where the values of a row lie that are in chunks. */
export function refsIn(row: CheckpointRow): ChunkRef[] {
  const stored = [
    ...(row.channel_values ?? []).map((value) => value[3]),
    ...(row.pending_writes ?? []).map((value) => value[4]),
    ...(row.pending_sends ?? []).map((value) => value[2]),
  ];
  return stored.filter((chunks) => chunks !== null).map(readRef);
}

export interface RowLoader {
  readonly load: (type: string, bytes: Uint8Array) => Promise<unknown>;
  readonly loadMetadata: (metadata: Record<string, unknown>) => Promise<CheckpointTuple["metadata"]>;
  readonly firstVersion: () => number;
}

/** `read` gives the bytes of a value in chunks. */
export function loadStored(
  {
    type,
    blob,
    chunks,
  }: { readonly type: string; readonly blob: Uint8Array | null; readonly chunks: Uint8Array | null },
  loader: RowLoader,
  read: (ref: ChunkRef) => Uint8Array,
): Promise<unknown> {
  // Not a Buffer: a value that is bytes is given to graphs.
  return loader.load(type, chunks === null ? new Uint8Array(blob ?? []) : read(readRef(chunks)));
}

/** `read` gives the bytes of a value in chunks. */
export async function toTuple(
  row: CheckpointRow,
  loader: RowLoader,
  read: (ref: ChunkRef) => Uint8Array,
): Promise<CheckpointTuple> {
  const { thread_id, checkpoint_ns, parent_checkpoint_id: parentId } = row;
  const decoder = new TextDecoder();
  const load = ([type, blob, chunks]: Stored): Promise<unknown> =>
    loadStored({ type: decoder.decode(type), blob, chunks }, loader, read);
  const values = (row.channel_values ?? []).filter(([, type]) => decoder.decode(type) !== "empty");
  const loaded = values.map(async ([channel, ...stored]) => [decoder.decode(channel), await load(stored)] as const);
  const checkpoint: Checkpoint = {
    ...row.checkpoint,
    channel_versions: row.checkpoint.channel_versions ?? {},
    versions_seen: row.checkpoint.versions_seen ?? {},
    channel_values: Object.fromEntries(await Promise.all(loaded)),
  };
  if (row.pending_sends !== null) {
    addPendingSends(checkpoint, await Promise.all(row.pending_sends.map(load)), loader.firstVersion);
  }
  const pendingWrites = (row.pending_writes ?? []).map(
    async ([taskId, channel, ...stored]): Promise<[string, string, unknown]> => [
      decoder.decode(taskId),
      decoder.decode(channel),
      await load(stored),
    ],
  );
  const configOf = (checkpoint_id: string) => ({ configurable: { thread_id, checkpoint_ns, checkpoint_id } });
  const metadata = await loader.loadMetadata(row.metadata);
  return {
    config: configOf(row.checkpoint_id),
    checkpoint,
    ...(metadata === undefined ? {} : { metadata }),
    ...(parentId === null ? {} : { parentConfig: configOf(parentId) }),
    pendingWrites: await Promise.all(pendingWrites),
  };
}

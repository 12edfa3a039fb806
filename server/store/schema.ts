import type { Generated, Selectable } from "kysely";

/**
 * Tables of the service. Times are milliseconds since the epoch, JSON is text, booleans are 0 or 1, so that the same
 * shapes hold on every engine Kysely speaks to.
 */
export interface Database {
  assistants: AssistantTable;
  assistant_versions: AssistantTable;
  threads: ThreadTable;
  thread_metadata: ThreadMetadataTable;
  deleted_threads: DeletedThreadTable;
  runs: RunTable;
  run_events: RunEventTable;
  thread_events: ThreadEventTable;
  run_webhooks: RunWebhookTable;
  store_items: ItemTable;
  crons: CronTable;
  replicas: ReplicaTable;
}

export interface AssistantTable {
  assistant_id: string;
  graph_id: string;
  name: string;
  description: string | null;
  config: string;
  context: string;
  metadata: string;
  version: number;
  created_at: number;
  updated_at: number;
}

export interface ThreadTable {
  thread_id: string;
  status: string;
  metadata: string;
  config: string;
  /** The state after the last run, as the wire shows it; null before the first. */
  values: string | null;
  /** JSON object: task id to its pending interrupts. */
  interrupts: string;
  error: string | null;
  created_at: number;
  updated_at: number;
  state_updated_at: number;
  ttl_minutes: number | null;
  ttl_strategy: string | null;
  /** When the history was cut last because its time was over. */
  pruned_at: number | null;
}

/** What threads are found by; triggers of the database keep it. */
export interface ThreadMetadataTable {
  /** `key:value`, the value as JSON. */
  entry: string;
  thread_id: string;
}

/** Threads whose checkpoints may still be there. */
export interface DeletedThreadTable {
  thread_id: string;
  deleted_at: number;
}

export interface RunTable {
  /** Order of acceptance; breaks ties between runs created in the same millisecond. */
  seq: Generated<number>;
  run_id: string;
  thread_id: string;
  assistant_id: string;
  status: string;
  metadata: string;
  kwargs: string;
  multitask_strategy: string;
  attempt: number;
  /** A stateless run whose thread is dropped when it ends: it has no row in `threads`. */
  is_temporary: number;
  /** Not started before this time (`after_seconds`). */
  start_at: number;
  /** `cancel` or `rollback` once somebody asked for it: the request outlives the process that took it. */
  stop_requested: string | null;
  /** Id of the process that executes it; null while it waits for one. What is left of it after the end does not matter. */
  owner: string | null;
  /** Id of the process that follows it without executing it, `*` for several: events and result are stored for them. */
  followed_by: string | null;
  created_at: number;
  updated_at: number;
}

/** Events of resumable runs, in the batches they were stored in. */
export interface RunEventTable {
  run_id: string;
  /** Ids of the first and last event of the batch, both inclusive. */
  first_seq: number;
  last_seq: number;
  /** JSON list: event name and data, the data as JSON text, in turns. */
  events: string;
  /** In the last batch of a run that is followed from elsewhere: status and body of the result, as JSON. */
  result: string | null;
  created_at: number;
}

/** Events of the thread-centric protocol, in the batches they were stored in. */
export interface ThreadEventTable {
  thread_id: string;
  /** Number of the newest event before the batch, 0 when there was none: batches form a chain. */
  after_seq: number;
  last_seq: number;
  /** Two lines an event: its head and its envelope, both JSON. */
  events: string;
  created_at: number;
}

/** Webhooks that were not delivered yet. */
export interface RunWebhookTable {
  run_id: string;
  thread_id: string;
  url: string;
  body: string;
  /** Id of the process that delivers it; null while none does. */
  owner: string | null;
  created_at: number;
}

/** Processes that execute runs; on an engine that several can share. */
export interface ReplicaTable {
  replica_id: string;
  /** Milliseconds of the database's clock. */
  lease_until: number;
}

export interface ItemTable {
  /** Labels, each with a period after it: `users.ann.`. */
  namespace: string;
  key: string;
  value: string;
  /** Length of one vector, then the vectors, as 32-bit floats; null without any. */
  vectors: Uint8Array | null;
  ttl_minutes: number | null;
  expires_at: number | null;
  created_at: number;
  updated_at: number;
}

export interface CronTable {
  cron_id: string;
  assistant_id: string;
  thread_id: string | null;
  schedule: string;
  timezone: string | null;
  end_time: number | null;
  is_enabled: number;
  on_run_completed: string;
  payload: string;
  metadata: string;
  next_run_at: number | null;
  created_at: number;
  updated_at: number;
}

export type AssistantRow = Selectable<AssistantTable>;
export type ThreadRow = Selectable<ThreadTable>;
export type RunRow = Selectable<RunTable>;
export type CronRow = Selectable<CronTable>;
export type ItemRow = Selectable<ItemTable>;
export type RunEventRow = Selectable<RunEventTable>;
export type RunWebhookRow = Selectable<RunWebhookTable>;

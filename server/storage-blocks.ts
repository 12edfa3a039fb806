import { z } from "zod";

import { closed } from "./http-block.ts";
import type { ThreadTtl } from "./store/threads.ts";

/** Minutes that a timer can wait. */
const Interval = z.number().positive().max(35_000).nullish();

/** The `store` block of `langgraph.json`: how the long-term store turns words into vectors, and how long it keeps documents. */
export const StoreBlock = z.looseObject({
  index: z
    .looseObject({ embed: z.string().min(1), dims: z.number().int().min(1), fields: z.array(z.string()).optional() })
    .nullish(),
  ttl: closed({
    default_ttl: z.number().positive().nullish(),
    refresh_on_read: z.boolean().nullish(),
    sweep_interval_minutes: Interval,
  }).nullish(),
});
export type StoreBlock = z.infer<typeof StoreBlock>;

/** The `checkpointer` block: how long threads are kept that say nothing about it themselves. */
export const CheckpointerBlock = z.looseObject({
  ttl: closed({
    strategy: z.enum(["delete", "keep_latest"]).nullish(),
    default_ttl: z.number().positive().nullish(),
    sweep_interval_minutes: Interval,
    sweep_limit: z.number().int().min(1).nullish(),
  }).nullish(),
});
export type CheckpointerBlock = z.infer<typeof CheckpointerBlock>;

/** How long things are kept, and how often those are removed whose time is over. What is left out has a default. */
export interface Expiry {
  /** Of new threads that name none; null keeps them. */
  readonly threadTtl: ThreadTtl | null;
  readonly threads: { readonly intervalMs?: number; readonly limit?: number };
  readonly items: { readonly intervalMs?: number };
}

export const NO_EXPIRY: Expiry = { threadTtl: null, threads: {}, items: {} };

/** What the two blocks say about it. */
export function readExpiry(blocks: { readonly store: StoreBlock; readonly checkpointer: CheckpointerBlock }): Expiry {
  const { ttl } = blocks.checkpointer;
  return {
    threadTtl: ttl?.default_ttl == null ? null : { minutes: ttl.default_ttl, strategy: ttl.strategy ?? "delete" },
    threads: {
      ...toInterval(ttl?.sweep_interval_minutes),
      ...(ttl?.sweep_limit == null ? {} : { limit: ttl.sweep_limit }),
    },
    items: toInterval(blocks.store.ttl?.sweep_interval_minutes),
  };
}

function toInterval(minutes: number | null | undefined): { intervalMs?: number } {
  return minutes == null ? {} : { intervalMs: minutes * 60_000 };
}

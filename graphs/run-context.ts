import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";

/** Most model turns a caller may ask for. */
export const MAX_STEPS = 100;

/** What a caller may set per run, for every graph. */
export const RunContext = z.object({
  /** `auto` runs calls that would ask for approval; for callers that are allowed to approve. */
  approvals: z.enum(["ask", "auto"]).optional(),
  /** Most model turns in this run, 1 to 100; never above what the recursion limit allows. */
  max_steps: z.number().int().min(1).max(MAX_STEPS).optional(),
});
export type RunContext = z.infer<typeof RunContext>;

/** The part of a node's config that is read here, whatever the graph's own context is. */
type Config = Pick<LangGraphRunnableConfig, "context" | "configurable" | "recursionLimit">;

/** Both places where callers put run settings; a value of the wrong kind counts as not given. */
export function readRunContext<Context extends object>(config: Config, schema: z.ZodType<Context>): Partial<Context> {
  for (const source of [config.context, config.configurable]) {
    const parsed = schema.safeParse(source ?? {});
    if (parsed.success && Object.values(parsed.data).some((value) => value !== undefined)) return parsed.data;
  }
  return {};
}

export interface StepLimit {
  /** Model turns when the caller asks for no number. */
  readonly configured: number;
  /** Nodes a run may visit beside the two of every step. */
  readonly spareNodes?: number;
}

/** The caller's limit where it gave one, within what the recursion limit lets a run take: two nodes a step. */
export function stepLimit(config: Config, { configured, spareNodes = 0 }: StepLimit): number {
  const wanted = readRunContext(config, RunContext).max_steps ?? configured;
  const { recursionLimit } = config;
  const allowed = recursionLimit === undefined ? wanted : Math.floor((recursionLimit + 1 - spareNodes) / 2);
  return Math.max(1, Math.min(wanted, allowed));
}

/** The thread a run belongs to; undefined for a graph that is run without a checkpointer. */
export function threadIdOf(config: Config): string | undefined {
  const configurable: Readonly<Record<string, unknown>> = config.configurable ?? {};
  const threadId = configurable["thread_id"];
  return typeof threadId === "string" ? threadId : undefined;
}

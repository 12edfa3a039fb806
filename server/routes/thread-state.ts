import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { NoContent } from "../openapi/route-docs.ts";
import { AnyThreadId, CheckpointId, type CheckpointRef, QueryFlag } from "../schemas/common.ts";
import {
  HistoryBody,
  HistoryQuery,
  SelectQuery,
  StateAtCheckpoint,
  StatePatch,
  StateUpdate,
  StateUpdated,
  ThreadStateBody,
} from "../schemas/thread-state.ts";
import { graphOfThread, updateState } from "../thread-states.ts";
import { toCheckpointConfig, toWireCheckpoint } from "../wire/checkpoint-ref.ts";
import { selectState } from "../wire/select.ts";
import { EMPTY_STATE, toThreadState } from "../wire/thread-state.ts";
import type { RouteContext } from "./context.ts";
import { readNames } from "./query-list.ts";

const tags = ["threads"];
const params = z.object({ thread_id: AnyThreadId });
const StateQuery = z.object({
  subgraphs: QueryFlag.optional().describe("Whether tasks of subgraphs carry their whole state."),
  select: SelectQuery,
});

/** How long a change of the state waits for a run that may be about to end, before the thread counts as busy. */
const SETTLE_MS = 500;

interface HistoryRequest {
  readonly limit?: number | null;
  readonly before?: string | Readonly<Record<string, unknown>> | null;
  readonly metadata?: Record<string, unknown> | null;
  readonly checkpoint?: CheckpointRef | null;
}

export const threadStateRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerThreadStateRoutes(app, _options, done) {
    const find = async (threadId: string) => {
      const thread = await context.store.threads.get(threadId);
      if (thread === undefined) throw new ServiceError("thread_not_found", "Thread not found");
      return thread;
    };

    /** A client sees an interrupt, or the last values, a moment before the run has ended, and may answer at once. */
    const untilSettled = async (threadId: string): Promise<void> => {
      const running = (await context.runs.followThread(threadId)).filter(({ status }) => status === "running");
      if (running.length === 0) return;
      const ended = new AbortController();
      await Promise.race([
        Promise.all(running.map(({ settled }) => settled)),
        context.clock.sleep(SETTLE_MS, ended.signal).catch(() => undefined),
      ]);
      ended.abort(new Error("the runs have ended"));
    };

    const readState = async (
      threadId: string,
      checkpoint: CheckpointRef | null | undefined,
      subgraphs: boolean,
    ): Promise<ThreadStateBody> => {
      const graph = await graphOfThread(context, await find(threadId));
      const reference = toCheckpointConfig(checkpoint);
      const id = reference["checkpoint_id"];
      const snapshot = await graph?.getState({ configurable: { ...reference, thread_id: threadId } }, { subgraphs });
      if (snapshot?.createdAt !== undefined) return toThreadState(snapshot);
      if (typeof id !== "string") return EMPTY_STATE;
      throw checkpointNotFound(threadId, id);
    };

    const readHistory = async (threadId: string, request: HistoryRequest): Promise<ThreadStateBody[]> => {
      const { limit, before, metadata, checkpoint } = request;
      if (typeof checkpoint?.checkpoint_id === "string") return [await readState(threadId, checkpoint, false)];
      const graph = await graphOfThread(context, await find(threadId));
      if (graph === undefined) return [];
      const beforeId = (typeof before === "string" ? before : checkpointIdOf(before)) || undefined;
      const states: ThreadStateBody[] = [];
      const history = graph.getStateHistory(
        { configurable: { checkpoint_ns: "", ...toCheckpointConfig(checkpoint), thread_id: threadId } },
        {
          limit: limit ?? 10,
          ...(beforeId === undefined ? {} : { before: { configurable: { checkpoint_id: beforeId } } }),
          ...(metadata == null ? {} : { filter: metadata }),
        },
      );
      for await (const snapshot of history) states.push(toThreadState(snapshot));
      return states;
    };

    app.get(
      "/threads/:thread_id/state",
      {
        schema: {
          tags,
          operationId: "getThreadState",
          summary: "The state of a thread",
          params,
          querystring: StateQuery,
          response: { 200: ThreadStateBody },
          errors: ["thread_not_found", "conflict"],
        },
      },
      async ({ params: { thread_id: threadId }, query }) =>
        selectState(await readState(threadId, undefined, query.subgraphs ?? false), readNames(query.select)),
    );

    app.patch(
      "/threads/:thread_id/state",
      {
        schema: {
          tags,
          operationId: "patchThreadState",
          summary: "Merge metadata into the thread of a state",
          params,
          body: StatePatch,
          response: { 204: NoContent },
          errors: ["thread_not_found"],
        },
      },
      async ({ body, params: { thread_id: threadId } }, reply) => {
        const { metadata, config } = await find(threadId);
        const merged = { ...metadata, ...body.metadata };
        await context.store.threads.setMetadata(threadId, merged, config, context.clock.now());
        return reply.code(204).send();
      },
    );

    app.post(
      "/threads/:thread_id/state",
      {
        schema: {
          tags,
          operationId: "updateThreadState",
          summary: "Change the state, or fork from a checkpoint",
          params,
          body: StateUpdate,
          response: { 200: StateUpdated },
          errors: ["thread_not_found", "checkpoint_not_found", "conflict"],
        },
      },
      async ({ body, params: { thread_id: threadId } }) => {
        await untilSettled(threadId);
        const thread = await find(threadId);
        const configurable: Record<string, unknown> = {
          ...toCheckpointConfig(body.checkpoint),
          ...(body.checkpoint_id == null ? {} : { checkpoint_id: body.checkpoint_id }),
        };
        const id = configurable["checkpoint_id"];
        if (typeof id === "string") {
          // Without it LangGraph would begin a new history, in which all that the thread held is missing.
          const from = { configurable: { checkpoint_ns: "", ...configurable, thread_id: threadId } };
          if ((await context.checkpointer.saver.getTuple(from)) === undefined) throw checkpointNotFound(threadId, id);
        }
        const written = await updateState(context, thread, {
          configurable,
          values: body.values,
          ...(body.as_node == null ? {} : { asNode: body.as_node }),
        });
        return { checkpoint: toWireCheckpoint(written) };
      },
    );

    app.get(
      "/threads/:thread_id/state/:checkpoint_id",
      {
        schema: {
          tags,
          operationId: "getThreadStateAtCheckpoint",
          summary: "The state at a checkpoint",
          params: params.extend({ checkpoint_id: CheckpointId }),
          querystring: StateQuery,
          response: { 200: ThreadStateBody },
          errors: ["thread_not_found", "checkpoint_not_found", "conflict"],
        },
      },
      async ({ params: { thread_id: threadId, checkpoint_id: id }, query }) =>
        selectState(
          await readState(threadId, { checkpoint_id: id }, query.subgraphs ?? false),
          readNames(query.select),
        ),
    );

    app.post(
      "/threads/:thread_id/state/checkpoint",
      {
        schema: {
          tags,
          operationId: "readThreadStateAtCheckpoint",
          summary: "The state at a checkpoint, also of a subgraph",
          params,
          body: StateAtCheckpoint,
          response: { 200: ThreadStateBody },
          errors: ["thread_not_found", "checkpoint_not_found", "conflict"],
        },
      },
      async ({ body, params: { thread_id: threadId } }) =>
        selectState(await readState(threadId, body.checkpoint, body.subgraphs ?? false), body.select),
    );

    app.get(
      "/threads/:thread_id/history",
      {
        schema: {
          tags,
          operationId: "getThreadHistory",
          summary: "Past states, newest first",
          params,
          querystring: HistoryQuery,
          response: { 200: z.array(ThreadStateBody) },
          errors: ["thread_not_found", "conflict"],
        },
      },
      async ({ params: { thread_id: threadId }, query }) => {
        const select = readNames(query.select);
        return (await readHistory(threadId, query)).map((state) => selectState(state, select));
      },
    );

    app.post(
      "/threads/:thread_id/history",
      {
        schema: {
          tags,
          operationId: "searchThreadHistory",
          summary: "Past states, newest first, with filters",
          params,
          body: HistoryBody,
          response: { 200: z.array(ThreadStateBody) },
          errors: ["thread_not_found", "checkpoint_not_found", "conflict"],
        },
      },
      async ({ body, params: { thread_id: threadId } }) =>
        (await readHistory(threadId, body)).map((state) => selectState(state, body.select)),
    );
    done();
  };

function checkpointNotFound(threadId: string, id: string): ServiceError {
  return new ServiceError("checkpoint_not_found", `Checkpoint not found: thread ${threadId} has no ${id}`);
}

/** The id in a checkpoint, or in a config around one. */
function checkpointIdOf(reference: Readonly<Record<string, unknown>> | null | undefined): string | undefined {
  const inner = (reference?.["configurable"] ?? reference) as Readonly<Record<string, unknown>> | null | undefined;
  const id = inner?.["checkpoint_id"];
  return typeof id === "string" ? id : undefined;
}

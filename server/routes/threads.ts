import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import { NoContent, paginationHeaders as pageHeaders } from "../openapi/route-docs.ts";
import { AnyThreadId, Count } from "../schemas/common.ts";
import {
  IncludeQuery,
  SelectedThread,
  ThreadBody,
  ThreadCount,
  ThreadCreate,
  ThreadPatch,
  ThreadPrune,
  ThreadPruned,
  ThreadSearch,
  ThreadWithTtl,
} from "../schemas/thread.ts";
import { type ThreadFilter, type ThreadTtl, newThread } from "../store/threads.ts";
import { deleteThread } from "../threads/delete-thread.ts";
import { finishDeletionOf } from "../threads/finish-deletions.ts";
import { applySupersteps } from "../thread-states.ts";
import { selectFields, toWireThread } from "../wire/resources.ts";
import { valueAtPath } from "../wire/select.ts";
import type { RouteContext } from "./context.ts";
import { paginationHeaders } from "./pagination.ts";

const tags = ["threads"];
const params = z.object({ thread_id: AnyThreadId });

export const threadRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerThreadRoutes(app, _options, done) {
    const { store, checkpointer, clock } = context;
    const find = async (threadId: string) => {
      const thread = await store.threads.get(threadId);
      if (thread === undefined) throw new ServiceError("thread_not_found", "Thread not found");
      return thread;
    };

    app.post(
      "/threads",
      {
        schema: {
          tags,
          operationId: "createThread",
          summary: "Create a thread",
          body: ThreadCreate,
          response: { 200: ThreadBody },
          errors: ["already_exists"],
        },
      },
      async ({ body }) => {
        const metadata = { ...body.metadata, ...(body.graph_id == null ? {} : { graph_id: body.graph_id }) };
        const ttl = body.ttl === undefined ? context.threadTtl : toTtl(body.ttl);
        const thread = { ...newThread(body.thread_id ?? newUuid(), clock.now(), metadata), ttl };
        if (body.thread_id != null) await finishDeletionOf(context, thread.threadId);
        if (!(await store.threads.insert(thread))) {
          if (body.if_exists !== "do_nothing") throw new ServiceError("already_exists", "Thread already exists");
          return toWireThread(await find(thread.threadId));
        }
        if (body.supersteps == null || body.supersteps.length === 0) return toWireThread(thread);
        try {
          await applySupersteps(context, thread, body.supersteps);
        } catch (error) {
          // Nothing half-done: a thread whose first state was refused is not left behind.
          await checkpointer.saver.deleteThread(thread.threadId);
          await store.threads.delete(thread.threadId);
          throw error;
        }
        return toWireThread(await find(thread.threadId));
      },
    );

    app.post(
      "/threads/search",
      {
        schema: {
          tags,
          operationId: "searchThreads",
          summary: "Search threads, newest first",
          body: ThreadSearch,
          response: { 200: z.array(SelectedThread) },
          responseHeaders: pageHeaders,
        },
      },
      async ({ body }, reply) => {
        const filter = toFilter(body);
        const page = { limit: body.limit ?? 10, offset: body.offset ?? 0 };
        const found = await store.threads.search(filter, {
          ...page,
          sortBy: body.sort_by ?? "updated_at",
          sortOrder: body.sort_order ?? "desc",
        });
        reply.headers(paginationHeaders(await store.threads.count(filter), page));
        return found.map((thread) => {
          const wire = toWireThread(thread);
          const selected = selectFields(wire, body.select);
          if (body.extract == null) return selected;
          const parts = Object.entries(body.extract).map(([name, path]) => [name, valueAtPath(wire, path)]);
          return { ...selected, extracted: Object.fromEntries(parts) as Record<string, unknown> };
        });
      },
    );

    app.post(
      "/threads/count",
      {
        schema: {
          tags,
          operationId: "countThreads",
          summary: "Count threads",
          body: ThreadCount,
          response: { 200: Count },
        },
      },
      ({ body }) => store.threads.count(toFilter(body)),
    );

    app.get(
      "/threads/:thread_id",
      {
        schema: {
          tags,
          operationId: "getThread",
          summary: "Get a thread",
          params,
          querystring: z.object({ include: IncludeQuery }),
          response: { 200: ThreadWithTtl },
          errors: ["thread_not_found"],
        },
      },
      async ({ params: { thread_id: threadId }, query }) => {
        const thread = await find(threadId);
        const includes = [query.include ?? []].flat().flatMap((item) => item.split(","));
        if (!includes.includes("ttl")) return toWireThread(thread);
        const ttl = thread.ttl === null ? null : { ttl: thread.ttl.minutes, strategy: thread.ttl.strategy };
        return { ...toWireThread(thread), ttl };
      },
    );

    app.patch(
      "/threads/:thread_id",
      {
        schema: {
          tags,
          operationId: "patchThread",
          summary: "Merge metadata into a thread",
          params,
          body: ThreadPatch,
          response: { 200: ThreadBody },
          errors: ["thread_not_found"],
        },
      },
      async ({ body, params: { thread_id: threadId } }) => {
        const thread = await find(threadId);
        await store.threads.setMetadata(threadId, { ...thread.metadata, ...body.metadata }, thread.config, clock.now());
        if (body.ttl !== undefined) await store.threads.setTtl(threadId, toTtl(body.ttl));
        return toWireThread(await find(threadId));
      },
    );

    app.post(
      "/threads/prune",
      {
        schema: {
          tags,
          operationId: "pruneThreads",
          summary: "Delete threads, or all of their history but the newest state",
          body: ThreadPrune,
          response: { 200: ThreadPruned },
        },
      },
      async ({ body }) => {
        let count = 0;
        for (const threadId of new Set(body.thread_ids)) {
          const thread = await store.threads.get(threadId);
          if (thread === undefined) continue;
          if (body.strategy === "keep_latest") await checkpointer.keepLatest(threadId);
          else await deleteThread(context, threadId);
          count += 1;
        }
        return { pruned_count: count };
      },
    );

    app.delete(
      "/threads/:thread_id",
      {
        schema: {
          tags,
          operationId: "deleteThread",
          summary: "Delete a thread with its runs and checkpoints",
          params,
          response: { 204: NoContent },
          errors: ["thread_not_found"],
        },
      },
      async ({ params: { thread_id: threadId } }, reply) => {
        await find(threadId);
        await deleteThread(context, threadId);
        return reply.code(204).send();
      },
    );

    app.post(
      "/threads/:thread_id/copy",
      {
        schema: {
          tags,
          operationId: "copyThread",
          summary: "Copy a thread with its history",
          params,
          response: { 200: ThreadBody },
          errors: ["thread_not_found"],
        },
      },
      async ({ params: { thread_id: threadId } }) => {
        const source = await find(threadId);
        const nowMs = clock.now();
        const copy = {
          ...source,
          threadId: newUuid(),
          status: source.status === "busy" ? ("idle" as const) : source.status,
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
        };
        await checkpointer.copyThread(source.threadId, copy.threadId);
        await store.threads.insert(copy);
        return toWireThread(await find(copy.threadId));
      },
    );
    done();
  };

function toTtl(ttl: z.infer<typeof ThreadCreate>["ttl"]): ThreadTtl | null {
  if (ttl == null) return null;
  if (typeof ttl === "number") return { minutes: ttl, strategy: "delete" };
  return { minutes: ttl.ttl, strategy: ttl.strategy ?? "delete" };
}

function toFilter(body: z.infer<typeof ThreadCount>): ThreadFilter {
  return {
    ...(body.ids == null ? {} : { ids: body.ids }),
    ...(body.status == null ? {} : { status: body.status }),
    ...(body.metadata == null ? {} : { metadata: body.metadata }),
    ...(body.values == null ? {} : { values: body.values }),
  };
}

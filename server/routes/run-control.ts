import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { NoContent, lastEventIdHeader, runStreamHeaders } from "../openapi/route-docs.ts";
import type { LiveRun } from "../runs/live-runs.ts";
import { isFinished } from "../runs/run-status.ts";
import { readStoredResult } from "../runs/stored-result.ts";
import { AnyThreadId, RunId } from "../schemas/common.ts";
import {
  CancelMany,
  CancelQuery,
  FinalState,
  JoinStreamQuery,
  RunBody,
  RunListQuery,
  STREAM_MODES,
  SelectedRun,
  StreamMode,
  runStream,
} from "../schemas/run.ts";
import type { Run } from "../store/runs.ts";
import { selectFields, toWireRun } from "../wire/resources.ts";
import type { RouteContext } from "./context.ts";
import { readNames } from "./query-list.ts";
import { readLastEventId, runPath, sendEventStream, sendFinalState } from "./run-answers.ts";

const tags = ["runs"];
const threadParams = z.object({ thread_id: AnyThreadId });
const runParams = threadParams.extend({ run_id: RunId });
const statelessParams = z.object({ run_id: RunId, thread_id: z.undefined().optional() });

/** Routes that look at, follow and stop runs that exist. */
export const runControlRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerRunControlRoutes(app, _options, done) {
    const { store, runs } = context;

    /** The run as it goes on, wherever that is, if it does and belongs to the thread that was named. */
    const findLive = async (runId: string, threadId: string | undefined): Promise<LiveRun | undefined> => {
      const live = await runs.follow(runId);
      return live === undefined || (threadId !== undefined && live.run.threadId !== threadId) ? undefined : live;
    };
    const findRun = async (runId: string, threadId: string | undefined): Promise<Run> => {
      const run = await store.runs.get(runId);
      if (run === undefined || (threadId !== undefined && run.threadId !== threadId)) {
        throw new ServiceError("run_not_found", "Run not found");
      }
      return run;
    };
    const findThread = async (threadId: string) => {
      const thread = await store.threads.get(threadId);
      if (thread === undefined) throw new ServiceError("thread_not_found", "Thread not found");
      return thread;
    };

    app.get(
      "/threads/:thread_id/runs",
      {
        schema: {
          tags,
          operationId: "listRuns",
          summary: "Runs of a thread, newest first",
          params: threadParams,
          querystring: RunListQuery,
          response: { 200: z.array(SelectedRun) },
          errors: ["thread_not_found"],
        },
      },
      async ({ params: { thread_id: threadId }, query }) => {
        await findThread(threadId);
        const found = await store.runs.list(threadId, query.status === undefined ? {} : { status: query.status }, {
          limit: query.limit ?? 10,
          offset: query.offset ?? 0,
        });
        return found.map((run) => selectFields(toWireRun(run), readNames(query.select)));
      },
    );

    app.get(
      "/threads/:thread_id/runs/:run_id",
      {
        schema: {
          tags,
          operationId: "getRun",
          summary: "Get a run",
          params: runParams,
          response: { 200: RunBody },
          errors: ["run_not_found"],
        },
      },
      async ({ params: { thread_id: threadId, run_id: runId } }) => toWireRun(await findRun(runId, threadId)),
    );

    app.delete(
      "/threads/:thread_id/runs/:run_id",
      {
        schema: {
          tags,
          operationId: "deleteRun",
          summary: "Stop a run if need be, and delete it",
          params: runParams,
          response: { 204: NoContent },
          errors: ["run_not_found", "unavailable"],
        },
      },
      async ({ params: { thread_id: threadId, run_id: runId } }, reply) => {
        await findRun(runId, threadId);
        await runs.stop(runId, "cancel");
        await store.runEvents.delete(runId);
        await store.runs.delete(runId);
        return reply.code(204).send();
      },
    );

    app.get(
      "/threads/:thread_id/runs/:run_id/join",
      {
        schema: {
          tags,
          operationId: "joinRun",
          summary: "Wait for a run's final state",
          params: runParams,
          response: { 200: FinalState },
          errors: ["run_not_found"],
        },
      },
      async ({ params: { thread_id: threadId, run_id: runId } }, reply) => {
        const live = await findLive(runId, threadId);
        if (live !== undefined) return sendFinalState(context, reply, { live, isCancelledOnDisconnect: false });
        const run = await findRun(runId, threadId);
        await findThread(threadId);
        const { body } = await readStoredResult(store, run);
        return reply.header("content-type", "application/json; charset=utf-8").send(body);
      },
    );

    for (const { path, params, operationId } of [
      { path: "/threads/:thread_id/runs/:run_id/stream", params: runParams, operationId: "joinRunStream" },
      { path: "/runs/:run_id/stream", params: statelessParams, operationId: "joinStatelessRunStream" },
    ]) {
      app.get(
        path,
        {
          config: { rateLimit: false },
          schema: {
            tags,
            operationId,
            summary: "Follow a run; Last-Event-ID goes on where a reader stopped",
            params,
            querystring: JoinStreamQuery,
            requestHeaders: lastEventIdHeader,
            response: { 200: runStream },
            responseHeaders: runStreamHeaders,
            errors: ["run_not_found"],
          },
        },
        async ({ params: { thread_id: threadId, run_id: runId }, query, headers }, reply) => {
          const modes = readNames(query.stream_mode).map(toEventName);
          const live = await findLive(runId, threadId);
          if (live === undefined && threadId !== undefined) await findRun(runId, threadId);
          const log = live?.log ?? (await runs.findEvents(runId));
          if (log === undefined) {
            await findRun(runId, threadId);
            // The run is over and its events are no longer kept: there is nothing left to follow.
            return reply.header("content-type", "text/event-stream; charset=utf-8").send("event: end\ndata: null\n\n");
          }
          return sendEventStream(context, reply, {
            runId,
            log,
            path: runPath(runId, threadId),
            afterId: readLastEventId(headers["last-event-id"] ?? query.last_event_id, log, {
              isElsewhere: live?.isElsewhere,
            }),
            isCancelledOnDisconnect: query.cancel_on_disconnect ?? false,
            ...(modes.length === 0 ? {} : { modes }),
          });
        },
      );
    }

    app.post(
      "/threads/:thread_id/runs/:run_id/cancel",
      {
        schema: {
          tags,
          operationId: "cancelRun",
          summary: "Stop a run; `rollback` also deletes it and its checkpoints",
          params: runParams,
          querystring: CancelQuery,
          response: {
            202: z.void().describe("The run has been told to stop. There is no body."),
            204: z.void().describe("With `wait`: the run has stopped. There is no body."),
          },
          errors: ["run_not_found", "conflict", "unavailable"],
        },
      },
      async ({ params: { thread_id: threadId, run_id: runId }, query }, reply) => {
        // The row is what every process sees; one that only follows the run may hear of its end later.
        const { status } = await findRun(runId, threadId);
        if (isFinished(status))
          throw new ServiceError("conflict", `the run has already ended; its status is ${status}`);
        const reason = query.action === "rollback" ? "rollback" : "cancel";
        if (query.wait === true) {
          await runs.stop(runId, reason);
          return reply.code(204).send();
        }
        await runs.requestStop(runId, reason);
        return reply.code(202).send();
      },
    );

    app.post(
      "/runs/cancel",
      {
        schema: {
          tags,
          operationId: "cancelRuns",
          summary: "Stop several runs: those of a thread that still go on, or all that wait or run",
          querystring: CancelQuery.pick({ action: true }),
          body: CancelMany,
          response: { 204: NoContent },
          errors: ["run_not_found", "unavailable"],
        },
      },
      async ({ body, query }, reply) => {
        const wanted = (await store.runs.unfinished()).filter(({ runId, threadId, status }) =>
          body.status == null
            ? threadId === body.thread_id && body.run_ids?.includes(runId) === true
            : body.status === "all" || body.status === status,
        );
        if (body.status == null) {
          const known = await Promise.all((body.run_ids ?? []).map((runId) => store.runs.get(runId)));
          if (known.some((run) => run?.threadId !== body.thread_id)) {
            throw new ServiceError("run_not_found", "Run not found");
          }
        }
        const reason = query.action === "rollback" ? "rollback" : "cancel";
        await Promise.all(wanted.map(({ runId }) => runs.stop(runId, reason)));
        return reply.code(204).send();
      },
    );
    done();
  };

/** Event name of a stream mode: `messages-tuple` arrives as `messages`. Throws `invalid_input` for what is none. */
function toEventName(mode: string): string {
  if (!StreamMode.safeParse(mode).success) {
    const message = `no mode ${JSON.stringify(mode)}; modes are ${STREAM_MODES.join(", ")}`;
    throw new ServiceError("invalid_input", `stream_mode: ${message}`, {
      problems: [{ field: "stream_mode", message }],
    });
  }
  return mode === "messages-tuple" ? "messages" : mode;
}

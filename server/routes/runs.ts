import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { runHeaders, runStreamHeaders } from "../openapi/route-docs.ts";
import { FinalState, RunBatch, RunBody, RunCreate, runStream } from "../schemas/run.ts";
import { ThreadId } from "../schemas/common.ts";
import type { LiveRun } from "../runs/live-runs.ts";
import { findAssistant } from "../system-assistants.ts";
import { toWireRun } from "../wire/resources.ts";
import { atIndex, createRequestCheck } from "./check-request.ts";
import type { RouteContext } from "./context.ts";
import { runPath, sendEventStream, sendFinalState } from "./run-answers.ts";

const tags = ["runs"];
const threadParams = z.object({ thread_id: ThreadId });
const noParams = z.object({ thread_id: z.undefined().optional() });

const startErrors = ["assistant_not_found"] as const;
const threadErrors = ["assistant_not_found", "thread_not_found", "thread_busy"] as const;

const KNOWN_FIELDS = new Set(Object.keys(RunCreate.shape));

/** Routes that start a run, each with and without a thread. */
export const runRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerRunRoutes(app, _options, done) {
    const { store, graphs, runs, log } = context;
    const checkRequest = createRequestCheck(context);

    const create = async (
      body: z.infer<typeof RunCreate>,
      headers: Readonly<Record<string, unknown>>,
      threadId: string | undefined,
    ): Promise<LiveRun> => {
      const unknown = Object.keys(body).filter((field) => !KNOWN_FIELDS.has(field));
      if (unknown.length > 0) log.info({ fields: unknown }, "run request has fields this server does not know");
      const assistant = await findAssistant(store, graphs, body.assistant_id);
      return runs.create({ body, assistant, headers, ...(threadId === undefined ? {} : { threadId }) });
    };

    for (const { prefix, params, kind, errors } of [
      { prefix: "", params: noParams, kind: "StatelessRun", errors: startErrors },
      { prefix: "/threads/:thread_id", params: threadParams, kind: "Run", errors: threadErrors },
    ] as const) {
      app.post(
        `${prefix}/runs`,
        {
          schema: {
            tags,
            operationId: `create${kind}`,
            summary: "Start a run in the background",
            params,
            body: RunCreate,
            response: { 200: RunBody },
            responseHeaders: runHeaders,
            errors,
          },
        },
        async ({ body, headers, params: { thread_id: threadId } }, reply) => {
          const live = await create(body, headers, threadId);
          reply.header("content-location", runPath(live.run.runId, threadId));
          return toWireRun(live.run);
        },
      );

      app.post(
        `${prefix}/runs/stream`,
        {
          config: { rateLimit: false },
          schema: {
            tags,
            operationId: `stream${kind}`,
            summary: "Start a run and stream it",
            params,
            body: RunCreate,
            response: { 200: runStream },
            responseHeaders: runStreamHeaders,
            errors,
          },
        },
        async ({ body, headers, params: { thread_id: threadId } }, reply) => {
          const live = await create(body, headers, threadId);
          return sendEventStream(context, reply, {
            runId: live.run.runId,
            log: live.log,
            path: runPath(live.run.runId, threadId),
            afterId: -1,
            isCancelledOnDisconnect: body.on_disconnect === "cancel",
          });
        },
      );

      app.post(
        `${prefix}/runs/wait`,
        {
          schema: {
            tags,
            operationId: `wait${kind}`,
            summary: "Start a run and wait for its final state",
            params,
            body: RunCreate,
            response: { 200: FinalState },
            responseHeaders: runHeaders,
            errors,
          },
        },
        async ({ body, headers, params: { thread_id: threadId } }, reply) => {
          const live = await create(body, headers, threadId);
          const path = runPath(live.run.runId, threadId);
          reply.header("content-location", path);
          if (threadId !== undefined) reply.header("location", `${path}/join`);
          return sendFinalState(context, reply, { live, isCancelledOnDisconnect: body.on_disconnect === "cancel" });
        },
      );
    }

    app.post(
      "/runs/batch",
      {
        schema: {
          tags,
          operationId: "createRunBatch",
          summary: "Start stateless runs: all of them, or none when one of them is refused",
          body: RunBatch,
          response: { 200: z.array(RunBody) },
          errors: startErrors,
        },
      },
      async ({ body, headers }) => {
        // All of them are checked before one is started: an answer that refuses the batch names no run.
        for (const [index, item] of body.entries()) {
          await atIndex(index, async () =>
            checkRequest({ body: item, assistant: await findAssistant(store, graphs, item.assistant_id) }),
          );
        }
        const accepted: RunBody[] = [];
        for (const item of body) accepted.push(toWireRun((await create(item, headers, undefined)).run));
        return accepted;
      },
    );
    done();
  };

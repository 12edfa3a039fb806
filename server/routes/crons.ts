import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { isoTime } from "../../lib/clock.ts";
import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import { type CronScheduler, followingTime } from "../crons/cron-scheduler.ts";
import { NoContent, paginationHeaders as pageHeaders } from "../openapi/route-docs.ts";
import { Count, ThreadId } from "../schemas/common.ts";
import {
  CRON_RUN_FIELDS,
  CronBody,
  CronCount,
  CronCreate,
  CronParams,
  CronPatch,
  CronSearch,
  SelectedCron,
} from "../schemas/cron.ts";
import { RunCreate } from "../schemas/run.ts";
import type { CronFilter, CronJob } from "../store/crons.ts";
import { findAssistant } from "../system-assistants.ts";
import { selectFields } from "../wire/resources.ts";
import { createRequestCheck } from "./check-request.ts";
import type { RouteContext } from "./context.ts";
import { paginationHeaders } from "./pagination.ts";

const tags = ["crons"];

/** Runs that the clock starts, on a thread or each on its own. */
export const cronRoutes = (context: RouteContext & { readonly crons: CronScheduler }): FastifyPluginCallbackZod =>
  function registerCronRoutes(app, _options, done) {
    const { store, graphs, clock, crons } = context;
    const checkRequest = createRequestCheck(context);
    const find = async (cronId: string): Promise<CronJob> => {
      const cron = await store.crons.get(cronId);
      if (cron === undefined) throw new ServiceError("not_found", "Cron not found");
      return cron;
    };

    for (const { path, params, docs } of [
      {
        path: "/runs/crons",
        params: z.object({ thread_id: z.undefined().optional() }),
        docs: {
          operationId: "createCron",
          summary: "Start runs by the clock, each on a thread of its own",
          errors: ["assistant_not_found"],
        },
      },
      {
        path: "/threads/:thread_id/runs/crons",
        params: z.object({ thread_id: ThreadId }),
        docs: {
          operationId: "createThreadCron",
          summary: "Start runs on a thread by the clock",
          errors: ["assistant_not_found", "thread_not_found"],
        },
      },
    ] as const) {
      app.post(
        path,
        {
          schema: {
            tags,
            ...docs,
            params,
            body: CronCreate,
            response: { 200: CronBody },
          },
        },
        async ({ body, params: { thread_id: threadId } }) => {
          const assistant = await findAssistant(store, graphs, body.assistant_id);
          const { assistantId } = assistant;
          const thread = threadId === undefined ? undefined : await store.threads.get(threadId);
          if (threadId !== undefined && thread === undefined) {
            throw new ServiceError("thread_not_found", "Thread not found");
          }
          checkRequest({ body: toRun(runFields(body), assistantId), assistant, thread });
          const nowMs = clock.now();
          const cron = timed(
            {
              cronId: newUuid(),
              assistantId,
              threadId: threadId ?? null,
              schedule: body.schedule,
              timezone: body.timezone ?? null,
              endTimeMs: toTime(body.end_time),
              isEnabled: body.enabled ?? true,
              onRunCompleted: body.on_run_completed ?? "delete",
              payload: runFields(body),
              metadata: body.metadata ?? {},
              nextRunAtMs: null,
              createdAtMs: nowMs,
              updatedAtMs: nowMs,
            },
            nowMs,
          );
          await store.crons.insert(cron);
          crons.wake();
          return toWireCron(cron);
        },
      );
    }

    app.patch(
      "/runs/crons/:cron_id",
      {
        schema: {
          tags,
          operationId: "patchCron",
          summary: "Change a cron",
          params: CronParams,
          body: CronPatch,
          response: { 200: CronBody },
          errors: ["not_found", "assistant_not_found"],
        },
      },
      async ({ body, params: { cron_id: cronId } }) => {
        const before = await find(cronId);
        const nowMs = clock.now();
        const payload = { ...before.payload, ...runFields(body) };
        const isEnabled = body.enabled ?? before.isEnabled;
        // One whose graph is gone can still be switched off.
        if (isEnabled) {
          checkRequest({
            body: toRun(payload, before.assistantId),
            assistant: await findAssistant(store, graphs, before.assistantId),
            thread: before.threadId === null ? undefined : await store.threads.get(before.threadId),
          });
        }
        const cron = timed(
          {
            ...before,
            schedule: body.schedule ?? before.schedule,
            timezone: body.timezone === undefined ? before.timezone : body.timezone,
            endTimeMs: body.end_time === undefined ? before.endTimeMs : toTime(body.end_time),
            isEnabled,
            onRunCompleted: body.on_run_completed ?? before.onRunCompleted,
            payload,
            metadata: { ...before.metadata, ...body.metadata },
            updatedAtMs: nowMs,
          },
          nowMs,
        );
        await store.crons.update(cron);
        crons.wake();
        return toWireCron(cron);
      },
    );

    app.delete(
      "/runs/crons/:cron_id",
      {
        schema: {
          tags,
          operationId: "deleteCron",
          summary: "Delete a cron; its runs stay",
          params: CronParams,
          response: { 204: NoContent },
          errors: ["not_found"],
        },
      },
      async ({ params: { cron_id: cronId } }, reply) => {
        await find(cronId);
        await store.crons.delete(cronId);
        return reply.code(204).send();
      },
    );

    app.post(
      "/runs/crons/search",
      {
        schema: {
          tags,
          operationId: "searchCrons",
          summary: "Search crons",
          body: CronSearch,
          response: { 200: z.array(SelectedCron) },
          responseHeaders: pageHeaders,
          errors: ["assistant_not_found"],
        },
      },
      async ({ body }, reply) => {
        const filter = await toFilter(body);
        const page = { limit: body.limit ?? 10, offset: body.offset ?? 0 };
        const sortBy = body.sort_by === "next_run_date" ? "next_run_at" : (body.sort_by ?? "created_at");
        const found = await store.crons.search(filter, { ...page, sortBy, sortOrder: body.sort_order ?? "desc" });
        reply.headers(paginationHeaders(await store.crons.count(filter), page));
        return found.map((cron) => selectFields(toWireCron(cron), body.select));
      },
    );

    app.post(
      "/runs/crons/count",
      {
        schema: {
          tags,
          operationId: "countCrons",
          summary: "Count crons",
          body: CronCount,
          response: { 200: Count },
          errors: ["assistant_not_found"],
        },
      },
      async ({ body }) => store.crons.count(await toFilter(body)),
    );

    const toFilter = async (body: z.infer<typeof CronCount>): Promise<CronFilter> => ({
      ...(body.assistant_id == null
        ? {}
        : { assistantId: (await findAssistant(store, graphs, body.assistant_id)).assistantId }),
      ...(body.thread_id == null ? {} : { threadId: body.thread_id }),
      ...(body.enabled == null ? {} : { isEnabled: body.enabled }),
      ...(body.metadata == null ? {} : { metadata: body.metadata }),
    });
    done();
  };

/** With the time of its next run. Throws `invalid_input` for a schedule that is none or has no time left. */
function timed(cron: CronJob, nowMs: number): CronJob {
  const next = followingTime(cron, nowMs);
  if (next === null && cron.isEnabled) {
    const message = "has no time to run at before its end";
    throw new ServiceError("invalid_input", `schedule: ${message}`, { problems: [{ field: "schedule", message }] });
  }
  return { ...cron, nextRunAtMs: cron.isEnabled ? next : null };
}

function runFields(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.entries(body).filter(([key, value]) => CRON_RUN_FIELDS.includes(key) && value !== undefined);
  return Object.fromEntries(given.filter(([key]) => key !== "metadata"));
}

/** A run as the clock will ask for it. */
function toRun(payload: Readonly<Record<string, unknown>>, assistantId: string): RunCreate {
  return RunCreate.parse({ ...payload, assistant_id: assistantId });
}

/** What the payload remembers of its caller is for the graph. */
function withoutCaller(payload: CronJob["payload"]): Record<string, unknown> {
  const { config } = payload;
  if (typeof config !== "object" || config === null || !("configurable" in config)) return payload;
  const entries = Object.entries(config.configurable ?? {}).filter(([name]) => !name.startsWith("langgraph_auth_"));
  return { ...payload, config: { ...config, configurable: Object.fromEntries(entries) } };
}

function toTime(text: string | null | undefined): number | null {
  if (text == null) return null;
  // A time without an offset is meant in UTC, as the times that this server writes.
  return Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
}

function toWireCron(cron: CronJob): CronBody {
  return {
    cron_id: cron.cronId,
    assistant_id: cron.assistantId,
    thread_id: cron.threadId,
    schedule: cron.schedule,
    timezone: cron.timezone,
    end_time: cron.endTimeMs === null ? null : isoTime(cron.endTimeMs),
    enabled: cron.isEnabled,
    on_run_completed: cron.onRunCompleted,
    payload: { ...withoutCaller(cron.payload), assistant_id: cron.assistantId },
    metadata: cron.metadata,
    user_id: null,
    next_run_date: cron.nextRunAtMs === null ? null : isoTime(cron.nextRunAtMs),
    created_at: isoTime(cron.createdAtMs),
    updated_at: isoTime(cron.updatedAtMs),
  };
}

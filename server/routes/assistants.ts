import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import { NoContent, paginationHeaders as pageHeaders } from "../openapi/route-docs.ts";
import {
  AssistantBody,
  AssistantCount,
  AssistantCreate,
  AssistantPatch,
  AssistantSearch,
  SelectedAssistant,
  VersionChoice,
  VersionSearch,
} from "../schemas/assistant.ts";
import { AssistantIdOrGraph, Count, QueryFlag } from "../schemas/common.ts";
import type { Assistant, AssistantFilter } from "../store/assistants.ts";
import type { Store } from "../store/store.ts";
import { createAssistant, findAssistant } from "../system-assistants.ts";
import { deleteThread } from "../threads/delete-thread.ts";
import { selectFields, toWireAssistant } from "../wire/resources.ts";
import type { RouteContext } from "./context.ts";
import { paginationHeaders } from "./pagination.ts";

const tags = ["assistants"];
const params = z.object({ assistant_id: AssistantIdOrGraph });

export const assistantRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerAssistantRoutes(app, _options, done) {
    const { store, graphs, clock } = context;
    const find = (id: string): Promise<Assistant> => findAssistant(store, graphs, id);
    const checkGraph = (graphId: string): void => {
      if (graphs.has(graphId)) return;
      const message = `no graph ${JSON.stringify(graphId)}; graphs are ${graphs.graphIds.join(", ")}`;
      throw new ServiceError("invalid_input", `graph_id: ${message}`, { problems: [{ field: "graph_id", message }] });
    };

    app.post(
      "/assistants",
      {
        schema: {
          tags,
          operationId: "createAssistant",
          summary: "Create an assistant",
          body: AssistantCreate,
          response: { 200: AssistantBody },
          errors: ["already_exists"],
        },
      },
      async ({ body }) => {
        checkGraph(body.graph_id);
        const nowMs = clock.now();
        const assistant: Assistant = {
          assistantId: body.assistant_id ?? newUuid(),
          graphId: body.graph_id,
          name: body.name ?? "Untitled",
          description: body.description ?? null,
          config: body.config ?? {},
          context: body.context ?? {},
          metadata: body.metadata ?? {},
          version: 1,
          createdAtMs: nowMs,
          updatedAtMs: nowMs,
        };
        if (await createAssistant(store, assistant)) return toWireAssistant(assistant);
        const existing =
          body.if_exists === "do_nothing" ? await store.assistants.get(assistant.assistantId) : undefined;
        if (existing === undefined) throw new ServiceError("already_exists", "Assistant already exists");
        return toWireAssistant(existing);
      },
    );

    app.post(
      "/assistants/search",
      {
        schema: {
          tags,
          operationId: "searchAssistants",
          summary: "Search assistants",
          body: AssistantSearch,
          response: { 200: z.array(SelectedAssistant) },
          responseHeaders: pageHeaders,
        },
      },
      async ({ body }, reply) => {
        const filter = toFilter(body);
        const page = { limit: body.limit ?? 10, offset: body.offset ?? 0 };
        const found = await store.assistants.search(filter, {
          ...page,
          sortBy: body.sort_by ?? "created_at",
          sortOrder: body.sort_order ?? "desc",
        });
        reply.headers(paginationHeaders(await store.assistants.count(filter), page));
        return found.map((assistant) => selectFields(toWireAssistant(assistant), body.select));
      },
    );

    app.post(
      "/assistants/count",
      {
        schema: {
          tags,
          operationId: "countAssistants",
          summary: "Count assistants",
          body: AssistantCount,
          response: { 200: Count },
        },
      },
      ({ body }) => store.assistants.count(toFilter(body)),
    );

    app.get(
      "/assistants/:assistant_id",
      {
        schema: {
          tags,
          operationId: "getAssistant",
          summary: "Get an assistant",
          params,
          response: { 200: AssistantBody },
          errors: ["assistant_not_found"],
        },
      },
      async ({ params: { assistant_id: id } }) => toWireAssistant(await find(id)),
    );

    app.patch(
      "/assistants/:assistant_id",
      {
        schema: {
          tags,
          operationId: "patchAssistant",
          summary: "Change an assistant",
          params,
          body: AssistantPatch,
          response: { 200: AssistantBody },
          errors: ["assistant_not_found"],
        },
      },
      async ({ body, params: { assistant_id: id } }) => {
        const before = await find(id);
        if (body.graph_id != null) checkGraph(body.graph_id);
        const after: Assistant = {
          ...before,
          graphId: body.graph_id ?? before.graphId,
          name: body.name ?? before.name,
          description: body.description ?? before.description,
          config: body.config ?? before.config,
          context: body.context ?? before.context,
          metadata: { ...before.metadata, ...body.metadata },
          version: 0,
          updatedAtMs: clock.now(),
        };
        return toWireAssistant(await addVersion(store, after));
      },
    );

    app.post(
      "/assistants/:assistant_id/versions",
      {
        schema: {
          tags,
          operationId: "searchAssistantVersions",
          summary: "Versions of an assistant, newest first",
          params,
          body: VersionSearch,
          response: { 200: z.array(AssistantBody) },
          errors: ["assistant_not_found"],
        },
      },
      async ({ body, params: { assistant_id: id } }) => {
        const { assistantId } = await find(id);
        const filter = body.metadata == null ? {} : { metadata: body.metadata };
        const page = { limit: body.limit ?? 10, offset: body.offset ?? 0 };
        return (await store.assistantVersions.list(assistantId, filter, page)).map(toWireAssistant);
      },
    );

    app.post(
      "/assistants/:assistant_id/latest",
      {
        schema: {
          tags,
          operationId: "setLatestAssistantVersion",
          summary: "Make a version the one in use",
          params,
          body: VersionChoice,
          response: { 200: AssistantBody },
          errors: ["assistant_not_found", "not_found"],
        },
      },
      async ({ body, params: { assistant_id: id } }) => {
        const { assistantId } = await find(id);
        const version = await store.assistantVersions.get(assistantId, body.version);
        if (version === undefined) {
          throw new ServiceError("not_found", `Assistant version not found: there is no version ${body.version}`);
        }
        checkGraph(version.graphId);
        const current = { ...version, updatedAtMs: clock.now() };
        await store.assistants.update(current);
        return toWireAssistant(current);
      },
    );

    app.delete(
      "/assistants/:assistant_id",
      {
        schema: {
          tags,
          operationId: "deleteAssistant",
          summary: "Delete an assistant with its versions",
          params,
          querystring: z.object({
            delete_threads: QueryFlag.optional().describe("Whether the threads it was last used on are deleted, too."),
          }),
          response: { 204: NoContent },
          errors: ["assistant_not_found", "conflict"],
        },
      },
      async (request, reply) => {
        const { assistantId, metadata } = await find(request.params.assistant_id);
        if (metadata["created_by"] === "system") {
          throw new ServiceError("conflict", "this assistant belongs to its graph and cannot be deleted");
        }
        await store.transaction(
          async (tables) => {
            await tables.assistants.delete(assistantId);
            await tables.assistantVersions.deleteAll(assistantId);
            await tables.crons.deleteOfAssistant(assistantId);
          },
          { lock: assistantId },
        );
        if (request.query.delete_threads === true) {
          const filter = { metadata: { assistant_id: assistantId } };
          const page = { limit: 1_000, offset: 0, sortBy: "thread_id", sortOrder: "asc" } as const;
          for (let found = await store.threads.search(filter, page); found.length > 0;) {
            for (const { threadId } of found) await deleteThread(context, threadId);
            found = await store.threads.search(filter, page);
          }
        }
        return reply.code(204).send();
      },
    );

    done();
  };

/** Makes it the next version, and the one in use. */
function addVersion(store: Store, next: Assistant): Promise<Assistant> {
  return store.transaction(
    async (tables) => {
      const version = { ...next, version: (await tables.assistantVersions.newest(next.assistantId)) + 1 };
      await tables.assistantVersions.add(version);
      await tables.assistants.update(version);
      return version;
    },
    { lock: next.assistantId },
  );
}

function toFilter(body: z.infer<typeof AssistantCount>): AssistantFilter {
  return {
    ...(body.graph_id == null ? {} : { graphId: body.graph_id }),
    ...(body.name == null ? {} : { name: body.name }),
    ...(body.metadata == null ? {} : { metadata: body.metadata }),
  };
}

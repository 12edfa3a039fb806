import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import { newUuid } from "../../lib/ids.ts";
import type { ServedGraph } from "../graph-loader.ts";
import { describeGraph } from "../graph-schemas.ts";
import {
  AssistantBody,
  AssistantCount,
  AssistantCreate,
  AssistantPatch,
  AssistantSearch,
} from "../schemas/assistant.ts";
import { AssistantIdOrGraph, QueryFlag } from "../schemas/common.ts";
import { loadForReading } from "../runs/bound-graphs.ts";
import type { Assistant, AssistantFilter } from "../store/assistants.ts";
import { findAssistant } from "../system-assistants.ts";
import { selectFields, toWireAssistant } from "../wire/resources.ts";
import type { RouteContext } from "./context.ts";
import { paginationHeaders } from "./pagination.ts";

const tags = ["assistants"];
const params = z.object({ assistant_id: AssistantIdOrGraph });

export const assistantRoutes = (context: RouteContext): FastifyPluginCallbackZod =>
  function registerAssistantRoutes(app, _options, done) {
    const { store, graphs, bound, clock } = context;
    const find = (id: string): Promise<Assistant> => findAssistant(store, graphs, id);
    const load = (graphId: string, config: Assistant["config"]) => loadForReading(bound, graphId, config);
    const checkGraph = (graphId: string): void => {
      if (graphs.has(graphId)) return;
      const message = `no graph ${JSON.stringify(graphId)}; graphs are ${graphs.graphIds.join(", ")}`;
      throw new ServiceError("invalid_input", `graph_id: ${message}`, { problems: [{ field: "graph_id", message }] });
    };

    app.post(
      "/assistants",
      { schema: { tags, summary: "Create an assistant", body: AssistantCreate, response: { 200: AssistantBody } } },
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
        if (await store.assistants.insert(assistant)) return toWireAssistant(assistant);
        if (body.if_exists !== "do_nothing") throw new ServiceError("already_exists", "Assistant already exists");
        return toWireAssistant((await store.assistants.get(assistant.assistantId)) ?? assistant);
      },
    );

    app.post(
      "/assistants/search",
      {
        schema: {
          tags,
          summary: "Search assistants",
          body: AssistantSearch,
          response: { 200: z.array(AssistantBody.partial()) },
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
      { schema: { tags, summary: "Count assistants", body: AssistantCount, response: { 200: z.number() } } },
      ({ body }) => store.assistants.count(toFilter(body)),
    );

    app.get(
      "/assistants/:assistant_id",
      { schema: { tags, summary: "Get an assistant", params, response: { 200: AssistantBody } } },
      async ({ params: { assistant_id: id } }) => toWireAssistant(await find(id)),
    );

    app.patch(
      "/assistants/:assistant_id",
      {
        schema: {
          tags,
          summary: "Change an assistant",
          params,
          body: AssistantPatch,
          response: { 200: AssistantBody },
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
          version: before.version + 1,
          updatedAtMs: clock.now(),
        };
        await store.assistants.update(after);
        return toWireAssistant(after);
      },
    );

    app.delete(
      "/assistants/:assistant_id",
      { schema: { tags, summary: "Delete an assistant", params } },
      async (request, reply) => {
        const { assistantId, metadata } = await find(request.params.assistant_id);
        if (metadata["created_by"] === "system") {
          throw new ServiceError("conflict", "this assistant belongs to its graph and cannot be deleted");
        }
        await store.assistants.delete(assistantId);
        return reply.code(204).send();
      },
    );

    app.get(
      "/assistants/:assistant_id/graph",
      {
        schema: {
          tags,
          summary: "Nodes and edges, for drawing",
          params,
          querystring: z.object({ xray: z.union([QueryFlag, z.coerce.number().int().min(0)]).optional() }),
        },
      },
      async ({ params: { assistant_id: id }, query: { xray = false } }) => {
        const { graphId, config } = await find(id);
        const graph = await load(graphId, config);
        const options = {
          ...config,
          configurable: asObject(config["configurable"]),
          xray,
        };
        const drawable = await graph.getGraphAsync(options);
        return drawable.toJSON();
      },
    );

    app.get(
      "/assistants/:assistant_id/schemas",
      { schema: { tags, summary: "JSON schemas of input, output, state and config", params } },
      async ({ params: { assistant_id: id } }) => {
        const { graphId, config } = await find(id);
        return toWireSchemas(graphId, await load(graphId, config));
      },
    );

    for (const path of ["/assistants/:assistant_id/subgraphs", "/assistants/:assistant_id/subgraphs/:namespace"]) {
      app.get(
        path,
        {
          schema: {
            tags,
            summary: "Schemas of the subgraphs",
            params: z.object({ assistant_id: AssistantIdOrGraph, namespace: z.string().optional() }),
            querystring: z.object({ recurse: QueryFlag.optional() }),
          },
        },
        async ({ params: { assistant_id: id, namespace }, query: { recurse } }) => {
          const { graphId, config } = await find(id);
          const graph = await load(graphId, config);
          const found: Record<string, unknown> = {};
          for await (const [name, subgraph] of graph.getSubgraphsAsync(namespace, recurse)) {
            // Declared as the interface of a graph; every subgraph is one of the class.
            found[name] = toWireSchemas(graphId, subgraph as typeof graph);
          }
          return found;
        },
      );
    }
    done();
  };

function toFilter(body: z.infer<typeof AssistantCount>): AssistantFilter {
  return {
    ...(body.graph_id == null ? {} : { graphId: body.graph_id }),
    ...(body.name == null ? {} : { name: body.name }),
    ...(body.metadata == null ? {} : { metadata: body.metadata }),
  };
}

function toWireSchemas(graphId: string, graph: ServedGraph): Record<string, unknown> {
  const schemas = describeGraph(graph);
  return {
    graph_id: graphId,
    input_schema: schemas.input,
    output_schema: schemas.output,
    state_schema: schemas.state,
    config_schema: schemas.config,
    // LangGraph.js keeps one schema for both.
    context_schema: schemas.config,
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

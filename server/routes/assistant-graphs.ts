import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import type { ServedGraph } from "../graph-loader.ts";
import { describeGraph } from "../graph-schemas.ts";
import { loadForReading } from "../runs/bound-graphs.ts";
import { jsonOf } from "../openapi/route-docs.ts";
import { DrawnGraph, GraphSchemas, SubgraphSchemas } from "../schemas/assistant.ts";
import { AssistantIdOrGraph, QueryFlag } from "../schemas/common.ts";
import type { Assistant } from "../store/assistants.ts";
import { findAssistant } from "../system-assistants.ts";
import type { RouteContext } from "./context.ts";

const tags = ["assistants"];
const params = z.object({ assistant_id: AssistantIdOrGraph });

/** What an assistant's graph looks like: its nodes, its schemas and those of its subgraphs. */
export const assistantGraphRoutes = ({ store, graphs, bound }: RouteContext): FastifyPluginCallbackZod =>
  function registerAssistantGraphRoutes(app, _options, done) {
    const find = (id: string): Promise<Assistant> => findAssistant(store, graphs, id);
    const load = (graphId: string, config: Assistant["config"]) => loadForReading(bound, graphId, config);

    app.get(
      "/assistants/:assistant_id/graph",
      {
        schema: {
          tags,
          operationId: "getAssistantGraph",
          summary: "Nodes and edges, for drawing",
          params,
          querystring: z.object({
            xray: z
              // Numbers first: 1 is one level and not all of them.
              .union([z.coerce.number().int().min(0), QueryFlag], { error: "must be true, false or how many levels" })
              .optional()
              .describe("Whether subgraphs are drawn, too, or how many levels of them."),
          }),
          response: { 200: jsonOf(DrawnGraph) },
          errors: ["assistant_not_found"],
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
      {
        schema: {
          tags,
          operationId: "getAssistantSchemas",
          summary: "JSON schemas of input, output, state and config",
          params,
          response: { 200: jsonOf(GraphSchemas) },
          errors: ["assistant_not_found"],
        },
      },
      async ({ params: { assistant_id: id } }) => {
        const { graphId, config } = await find(id);
        return toWireSchemas(graphId, await load(graphId, config));
      },
    );

    for (const { path, operationId, summary } of [
      {
        path: "/assistants/:assistant_id/subgraphs",
        operationId: "getAssistantSubgraphs",
        summary: "Schemas of the subgraphs",
      },
      {
        path: "/assistants/:assistant_id/subgraphs/:namespace",
        operationId: "getAssistantSubgraphsByNamespace",
        summary: "Schemas of the subgraphs at a namespace",
      },
    ]) {
      app.get(
        path,
        {
          schema: {
            tags,
            operationId,
            summary,
            params: params.extend({
              namespace: z
                .string()
                .optional()
                .meta({ description: "Name of the subgraph's node.", examples: ["review"] }),
            }),
            querystring: z.object({
              recurse: QueryFlag.optional().describe("Whether subgraphs of subgraphs are answered, too."),
            }),
            response: { 200: jsonOf(SubgraphSchemas) },
            errors: ["assistant_not_found"],
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

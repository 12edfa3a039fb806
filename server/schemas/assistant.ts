import { z } from "zod";

import { named } from "../openapi/names.ts";
import {
  AssistantId,
  BodyPage,
  ConfigBody,
  JsonObject,
  MetadataFilter,
  SelectFields,
  SortOrder,
  Timestamp,
  Uuid,
} from "./common.ts";

const GraphId = z
  .string()
  .min(1)
  .meta({ description: "A graph of `langgraph.json`.", examples: ["gpu_ops"] });

const fields = {
  config: ConfigBody.nullish().describe("Config of its runs; a run may say otherwise."),
  context: JsonObject.nullish().describe("Static context of its runs; a run may say otherwise."),
  metadata: JsonObject.nullish().describe("Kept with the assistant."),
  name: z.string().max(255).nullish(),
  description: z.string().max(65_536).nullish(),
};

export const AssistantCreate = named(
  "CreateAssistantRequest",
  z
    .looseObject({
      graph_id: GraphId,
      assistant_id: Uuid.nullish().describe("An id of your own; a new one when left out."),
      if_exists: z
        .enum(["raise", "do_nothing"])
        .nullish()
        .describe("When the id is taken: refuse, or answer the assistant that has it."),
      ...fields,
    })
    .meta({ examples: [{ graph_id: "gpu_ops", name: "Night shift", config: { recursion_limit: 50 } }] }),
);

export const AssistantPatch = named(
  "PatchAssistantRequest",
  z
    .looseObject({
      graph_id: GraphId.nullish(),
      ...fields,
      metadata: JsonObject.nullish().describe("Merged into the present one, key by key."),
    })
    .meta({
      description: "What is left out stays as it is. Each change makes a new version.",
      examples: [{ name: "Day shift" }],
    }),
);

const Filter = {
  graph_id: z.string().nullish().describe("Only assistants of this graph."),
  name: z.string().nullish().describe("Only assistants whose name holds this text."),
  metadata: MetadataFilter,
};

export const AssistantSearch = named(
  "SearchAssistantsRequest",
  z
    .looseObject({
      ...Filter,
      ...BodyPage,
      sort_by: z
        .enum(["assistant_id", "created_at", "updated_at", "name", "graph_id"])
        .nullish()
        .describe("`created_at` when left out."),
      sort_order: SortOrder.nullish().describe("`desc` when left out."),
      select: SelectFields,
    })
    .meta({ examples: [{ metadata: { created_by: "system" }, limit: 10, offset: 0 }] }),
);

export const AssistantCount = named(
  "CountAssistantsRequest",
  z.looseObject(Filter).meta({ examples: [{ graph_id: "gpu_ops" }] }),
);

export const VersionSearch = named(
  "SearchAssistantVersionsRequest",
  z.looseObject({ metadata: MetadataFilter, ...BodyPage }).meta({ examples: [{ limit: 10 }] }),
);

export const VersionChoice = named(
  "SetLatestAssistantVersionRequest",
  z
    .looseObject({ version: z.number().int().min(1).describe("Version to use from now on.") })
    .meta({ examples: [{ version: 1 }] }),
);

export const AssistantBody = named(
  "Assistant",
  z
    .looseObject({
      assistant_id: AssistantId,
      graph_id: z.string(),
      name: z.string(),
      description: z.string().nullable(),
      config: JsonObject,
      context: JsonObject,
      metadata: JsonObject.describe("`created_by: system` for the assistant that comes with a graph."),
      version: z.number().int().describe("Counted from 1."),
      created_at: Timestamp,
      updated_at: Timestamp,
    })
    .meta({
      description: "A graph with the config and context of its runs.",
      examples: [
        {
          assistant_id: "b0d5c1f4-4a8e-5e7b-9a61-2f3c4d5e6a7b",
          graph_id: "gpu_ops",
          name: "gpu_ops",
          description: null,
          config: {},
          context: {},
          metadata: { created_by: "system" },
          version: 1,
          created_at: "2026-11-20T09:30:00.000Z",
          updated_at: "2026-11-20T09:30:00.000Z",
        },
      ],
    }),
);
export type AssistantBody = z.infer<typeof AssistantBody>;
export const SelectedAssistant = named(
  "SelectedAssistant",
  AssistantBody.partial().describe("An assistant, or those of its fields that were asked for."),
);

/** As LangGraph draws it. */
export const DrawnGraph = named(
  "AssistantGraph",
  z
    .looseObject({
      nodes: z.array(
        z.looseObject({
          id: z.union([z.string(), z.number()]),
          type: z.string().optional().describe("`schema` for the ends, `runnable` for what runs."),
          data: z.unknown().optional(),
          metadata: z.unknown().optional(),
        }),
      ),
      edges: z.array(
        z.looseObject({
          source: z.union([z.string(), z.number()]),
          target: z.union([z.string(), z.number()]),
          data: z.unknown().optional().describe("What the edge is called."),
          conditional: z.boolean().optional().describe("Whether it is only sometimes taken."),
        }),
      ),
    })
    .meta({
      description: "Nodes and edges of a graph, for drawing.",
      examples: [
        {
          nodes: [
            { id: "__start__", type: "schema", data: "__start__" },
            { id: "reason", type: "runnable", data: { id: ["langgraph", "RunnableCallable"], name: "reason" } },
            { id: "__end__", type: "schema", data: "__end__" },
          ],
          edges: [
            { source: "__start__", target: "reason" },
            { source: "reason", target: "__end__", conditional: true },
          ],
        },
      ],
    }),
);

const JsonSchemaBody = z.unknown().describe("A JSON schema; null or absent where it is not known.");
export const GraphSchemas = named(
  "GraphSchemas",
  z
    .looseObject({
      graph_id: z.string(),
      input_schema: JsonSchemaBody.optional(),
      output_schema: JsonSchemaBody.optional(),
      state_schema: JsonSchemaBody.optional(),
      config_schema: JsonSchemaBody.optional(),
      context_schema: JsonSchemaBody.optional(),
    })
    .meta({
      description: "JSON schemas of what a graph takes, keeps and answers.",
      examples: [
        {
          graph_id: "gpu_ops",
          input_schema: { type: "object", properties: { messages: { type: "array" } } },
          output_schema: { type: "object", properties: { messages: { type: "array" } } },
          state_schema: { type: "object", properties: { messages: { type: "array" } } },
          config_schema: { type: "object", properties: {} },
          context_schema: { type: "object", properties: {} },
        },
      ],
    }),
);
export const SubgraphSchemas = z.record(z.string(), GraphSchemas).describe("Schemas of the subgraphs, by name.");

import { z } from "zod";

import { BodyPage, ConfigBody, JsonObject, SortOrder, Uuid } from "./common.ts";

export const AssistantCreate = z.looseObject({
  graph_id: z.string().min(1),
  assistant_id: Uuid.nullish(),
  config: ConfigBody.nullish(),
  context: JsonObject.nullish(),
  metadata: JsonObject.nullish(),
  if_exists: z.enum(["raise", "do_nothing"]).nullish(),
  name: z.string().max(255).nullish(),
  description: z.string().max(65_536).nullish(),
});

export const AssistantPatch = z.looseObject({
  graph_id: z.string().min(1).nullish(),
  config: ConfigBody.nullish(),
  context: JsonObject.nullish(),
  metadata: JsonObject.nullish(),
  name: z.string().max(255).nullish(),
  description: z.string().max(65_536).nullish(),
});

const Filter = {
  graph_id: z.string().nullish(),
  name: z.string().nullish(),
  metadata: JsonObject.nullish(),
};

export const AssistantSearch = z.looseObject({
  ...Filter,
  ...BodyPage,
  sort_by: z.enum(["assistant_id", "created_at", "updated_at", "name", "graph_id"]).nullish(),
  sort_order: SortOrder.nullish(),
  select: z.array(z.string()).nullish(),
});

export const AssistantCount = z.looseObject(Filter);

export const VersionSearch = z.looseObject({ metadata: JsonObject.nullish(), ...BodyPage });

export const VersionChoice = z.looseObject({ version: z.number().int().min(1) });

export const AssistantBody = z.looseObject({
  assistant_id: z.string(),
  graph_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  config: JsonObject,
  context: JsonObject,
  metadata: JsonObject,
  version: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type AssistantBody = z.infer<typeof AssistantBody>;

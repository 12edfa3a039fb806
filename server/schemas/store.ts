import { z } from "zod";

import { BodyPage, JsonObject, QueryFlag } from "./common.ts";

const label = z
  .string()
  .min(1, "labels must not be empty")
  .max(1_024)
  .refine((text) => !/[.:\0]/.test(text), "labels must not hold a period, a colon or a NUL");
const Namespace = z
  .array(label)
  .min(1, "must have at least one label")
  .max(64)
  .refine(([root]) => root !== "langgraph", 'the root label "langgraph" is reserved');
const Prefix = z.array(label).max(64);
const key = z.string().min(1).max(4_096);
/** A path of labels in which `*` stands for any one. */
const Pattern = z.array(z.union([z.literal("*"), label])).max(64);

export const ItemPutBody = z.looseObject({
  namespace: Namespace,
  key,
  value: JsonObject,
  index: z.union([z.literal(false), z.array(z.string().min(1)).max(64)]).nullish(),
  ttl: z.number().positive().max(52_560_000).nullish().describe("Minutes after which the item is gone."),
});

/** `namespace` is joined by periods; deleting takes body or query. */
export const ItemQuery = z.object({
  namespace: z.string().optional(),
  key,
  refresh_ttl: QueryFlag.optional(),
});
export const ItemDeleteBody = z.looseObject({ namespace: Prefix.nullish(), key });

export const ItemSearch = z.looseObject({
  namespace_prefix: Prefix.nullish(),
  filter: JsonObject.nullish(),
  query: z.string().max(100_000).nullish(),
  refresh_ttl: z.boolean().nullish(),
  ...BodyPage,
});

export const NamespaceSearch = z.looseObject({
  prefix: Pattern.nullish(),
  suffix: Pattern.nullish(),
  max_depth: z.number().int().min(1).max(64).nullish(),
  ...BodyPage,
});

export const ItemBody = z.object({
  namespace: z.array(z.string()),
  key: z.string(),
  value: JsonObject,
  created_at: z.string(),
  updated_at: z.string(),
});
export const FoundItemBody = ItemBody.extend({ score: z.number().optional() });

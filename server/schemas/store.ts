import { z } from "zod";

import { named } from "../openapi/names.ts";
import { FILTER_OPERATORS } from "../store/items.ts";
import { BodyPage, JsonObject, QueryFlag, Timestamp } from "./common.ts";

const label = z
  .string()
  .min(1, "labels must not be empty")
  .max(1_024)
  .refine((text) => !/[.:\0]/.test(text), "labels must not hold a period, a colon or a NUL");
const Namespace = z
  .array(label)
  .min(1, "must have at least one label")
  .max(64)
  .refine(([root]) => root !== "langgraph", 'the root label "langgraph" is reserved')
  .meta({ description: "Path of labels, the root first.", examples: [["users", "ada"]] });
const Prefix = z.array(label).max(64);
const key = z
  .string()
  .min(1)
  .max(4_096)
  .meta({ description: "Names the item in its namespace.", examples: ["favourite-node"] });
/** A path of labels in which `*` stands for any one. */
const Pattern = z.array(z.union([z.literal("*"), label])).max(64);

export const ItemPutBody = named(
  "PutItemRequest",
  z
    .looseObject({
      namespace: Namespace,
      key,
      value: JsonObject.describe("The document; it takes the place of the present one."),
      index: z
        .union([z.literal(false), z.array(z.string().min(1)).max(64)])
        .nullish()
        .describe("Paths to index for searches by meaning, or false for none; as configured when left out."),
      ttl: z.number().positive().max(52_560_000).nullish().describe("Minutes after which the item is gone."),
    })
    .meta({ examples: [{ namespace: ["users", "ada"], key: "favourite-node", value: { node: "gpu-node-001" } }] }),
);

export const ItemQuery = z.object({
  namespace: z
    .string()
    .optional()
    .meta({ description: "Labels of the namespace joined by periods.", examples: ["users.ada"] }),
  key,
  refresh_ttl: QueryFlag.optional().describe("Whether the item's time starts anew; as configured when left out."),
});
export const ItemDeleteBody = named(
  "DeleteItemRequest",
  z
    .looseObject({ namespace: Prefix.nullish().describe("Namespace of the item; the root when left out."), key })
    .meta({ examples: [{ namespace: ["users", "ada"], key: "favourite-node" }] }),
);

/** A misspelt comparison would find nothing and not say why. */
const ItemFilter = JsonObject.superRefine((filter, context) => {
  for (const [field, wanted] of Object.entries(filter)) {
    if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) continue;
    for (const key of Object.keys(wanted)) {
      if (!key.startsWith("$") || FILTER_OPERATORS.includes(key)) continue;
      const message = `is no comparison; there are ${FILTER_OPERATORS.join(", ")}`;
      context.addIssue({ code: "custom", path: [field, key], message });
    }
  }
});

export const ItemSearch = named(
  "SearchItemsRequest",
  z
    .looseObject({
      namespace_prefix: Prefix.nullish().describe("Labels that the namespace begins with."),
      filter: ItemFilter.nullish().describe(
        "Values that fields must have, or `{$eq, $ne, $gt, $gte, $lt, $lte}` to compare them with.",
      ),
      query: z.string().max(100_000).nullish().describe("Ranks items by meaning or, without an index, by words."),
      refresh_ttl: z.boolean().nullish().describe("Whether the time of what is found starts anew."),
      ...BodyPage,
    })
    .meta({ examples: [{ namespace_prefix: ["users"], filter: { node: "gpu-node-001" }, limit: 10 }] }),
);

export const NamespaceSearch = named(
  "ListNamespacesRequest",
  z
    .looseObject({
      prefix: Pattern.nullish().describe("Labels that a namespace begins with; `*` stands for any one."),
      suffix: Pattern.nullish().describe("Labels that a namespace ends with; `*` stands for any one."),
      max_depth: z.number().int().min(1).max(64).nullish().describe("Longer namespaces are cut to this many labels."),
      ...BodyPage,
      limit: BodyPage.limit.describe("Size of a page; 100 when left out."),
    })
    .meta({ examples: [{ prefix: ["users"], max_depth: 2 }] }),
);

const EXAMPLE = {
  namespace: ["users", "ada"],
  key: "favourite-node",
  value: { node: "gpu-node-001" },
  created_at: "2026-11-20T09:30:00.000Z",
  updated_at: "2026-11-20T09:30:00.000Z",
};

export const ItemBody = named(
  "Item",
  z
    .object({
      namespace: z.array(z.string()),
      key: z.string(),
      value: JsonObject,
      created_at: Timestamp,
      updated_at: Timestamp,
    })
    .meta({ description: "A document of the long-term store.", examples: [EXAMPLE] }),
);
export const FoundItems = named(
  "FoundItems",
  z.object({
    items: z.array(
      named(
        "FoundItem",
        ItemBody.extend({
          score: z.number().optional().describe("How well it fits the query; absent without one."),
        }).meta({ description: "A document, and how well it fits.", examples: [{ ...EXAMPLE, score: 0.83 }] }),
      ),
    ),
  }),
);
export const NamespaceList = named(
  "NamespaceList",
  z.object({ namespaces: z.array(z.array(z.string())).meta({ examples: [[["users", "ada"]]] }) }),
);

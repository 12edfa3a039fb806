import type { Item, SearchItem } from "@langchain/langgraph-checkpoint";
import type { FastifyReply } from "fastify";
import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";

import { NoContent } from "../openapi/route-docs.ts";
import {
  FoundItems,
  ItemBody,
  ItemDeleteBody,
  ItemPutBody,
  ItemQuery,
  ItemSearch,
  NamespaceList,
  NamespaceSearch,
} from "../schemas/store.ts";
import type { RouteContext } from "./context.ts";

const tags = ["store"];

/** `/store/*`: the long-term store that graphs see as `config.store`. */
export const storeRoutes = ({ graphStore }: RouteContext): FastifyPluginCallbackZod =>
  function registerStoreRoutes(app, _options, done) {
    app.put(
      "/store/items",
      {
        schema: {
          tags,
          operationId: "putItem",
          summary: "Store a document",
          body: ItemPutBody,
          response: { 204: NoContent },
        },
      },
      async ({ body }, reply) => {
        const { namespace, key, value, index, ttl } = body;
        await graphStore.putItem(namespace, key, value, {
          ...(index == null ? {} : { index }),
          // Null and absent both leave the time to the configuration.
          ...(ttl == null ? {} : { ttlMinutes: ttl }),
        });
        return reply.code(204).send();
      },
    );

    app.get(
      "/store/items",
      {
        schema: {
          tags,
          operationId: "getItem",
          summary: "Get a document; null when there is none",
          querystring: ItemQuery,
          response: { 200: ItemBody.nullable() },
        },
      },
      async ({ query }, reply) => {
        const namespace = query.namespace === undefined || query.namespace === "" ? [] : query.namespace.split(".");
        const item = await graphStore.getItem(namespace, query.key, query.refresh_ttl);
        if (item !== null) return toWireItem(item);
        // Fastify sends an empty body for null, which would break the official client: it parses every answer. The text
        // is the JSON that the schema describes.
        return (reply as unknown as FastifyReply).type("application/json").send("null");
      },
    );

    app.delete(
      "/store/items",
      {
        schema: {
          tags,
          operationId: "deleteItem",
          summary: "Delete a document",
          body: ItemDeleteBody,
          response: { 204: NoContent },
        },
      },
      async ({ body }, reply) => {
        await graphStore.delete(body.namespace ?? [], body.key);
        return reply.code(204).send();
      },
    );

    app.post(
      "/store/items/search",
      {
        schema: {
          tags,
          operationId: "searchItems",
          summary: "Find documents by namespace, values and words",
          body: ItemSearch,
          response: { 200: FoundItems },
        },
      },
      async ({ body }) => {
        const items = await graphStore.searchItems(body.namespace_prefix ?? [], {
          limit: body.limit ?? 10,
          offset: body.offset ?? 0,
          ...(body.filter == null ? {} : { filter: body.filter }),
          ...(body.query == null ? {} : { query: body.query }),
          ...(body.refresh_ttl == null ? {} : { isRefreshed: body.refresh_ttl }),
        });
        return { items: items.map(toWireItem) };
      },
    );

    app.post(
      "/store/namespaces",
      {
        schema: {
          tags,
          operationId: "listNamespaces",
          summary: "List namespaces",
          body: NamespaceSearch,
          response: { 200: NamespaceList },
        },
      },
      async ({ body }) => ({
        namespaces: await graphStore.listNamespaces({
          limit: body.limit ?? 100,
          offset: body.offset ?? 0,
          ...(body.prefix == null ? {} : { prefix: body.prefix }),
          ...(body.suffix == null ? {} : { suffix: body.suffix }),
          ...(body.max_depth == null ? {} : { maxDepth: body.max_depth }),
        }),
      }),
    );
    done();
  };

function toWireItem({ namespace, key, value, createdAt, updatedAt, ...rest }: Item | SearchItem) {
  return {
    namespace,
    key,
    value,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
    ...("score" in rest && rest.score !== undefined ? { score: rest.score } : {}),
  };
}

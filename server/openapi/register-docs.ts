import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";

import { type DocumentedRoute, createDocument } from "./document.ts";
import type { DocumentedAuth } from "./security.ts";

/**
 * `/openapi.json` and `/docs`. Register it before the routes. The document is made when it is first asked for, from the
 * schemas that the routes check their requests with.
 */
export async function registerDocs(app: FastifyInstance, auth: DocumentedAuth | undefined): Promise<void> {
  const routes = new Map<string, DocumentedRoute>();
  await app.register(swagger, {
    openapi: { openapi: "3.1.0" },
    // The plugin hands out the routes; describing them is ours, as it drops what OpenAPI 3.1 has over 3.0.
    transform: ({ schema, url, route }) => {
      const isHidden = schema?.hide === true || url.includes("*");
      for (const method of [route.method].flat()) {
        if (isHidden || schema === undefined || method === "HEAD") continue;
        routes.set(`${method} ${url}`, { method, url, schema, isLimited: route.config?.rateLimit !== false });
      }
      return { schema: { hide: true }, url };
    },
    // Its type is a union of all versions of OpenAPI with every part of them.
    transformObject: () => createDocument([...routes.values()], { auth }) as object,
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    // No badge: it would send the document to a validator on the Internet.
    uiConfig: { validatorUrl: null },
    staticCSP: true,
    // The page is also opened over plain HTTP on a local network, and needs nothing from elsewhere.
    transformStaticCSP: (header) =>
      header.replace(/;\s*upgrade-insecure-requests/, "").replace(" validator.swagger.io", ""),
  });
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
}

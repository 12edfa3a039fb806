import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

/** Headers browsers may read: the SDKs take the run id and the reconnect path from them. */
const EXPOSED = ["Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next", "X-Request-Id"];

/** Lets browsers call from `origins` (`*` for any) with whatever headers they ask for. */
export async function registerCors(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  // Chrome asks this before a public page (Studio) may reach a server on the user's own machine.
  app.addHook("onRequest", async (request, reply) => {
    if (request.method === "OPTIONS" && request.headers["access-control-request-private-network"] === "true") {
      reply.header("Access-Control-Allow-Private-Network", "true");
    }
  });
  await app.register(cors, {
    origin: origins.includes("*") ? "*" : [...origins],
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  });
}

import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyInstance, FastifyRequest } from "fastify";
import ipaddr from "ipaddr.js";

import { ServiceError } from "../lib/errors.ts";
import type { Secret } from "../lib/secret.ts";

/** Routes that answer without a key: probes, and what front ends ask before they have one. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(["/ok", "/livez", "/readyz", "/info"]);

/** Asks every request but the open ones for the key, as `x-api-key` or as bearer token. */
export function requireApiKey(app: FastifyInstance, apiKey: Secret): void {
  const expected = digest(apiKey.reveal());
  app.addHook("onRequest", async (request) => {
    if (request.method === "OPTIONS" || OPEN_PATHS.has(pathOf(request))) return;
    const given = givenKey(request);
    if (given === undefined) {
      throw new ServiceError("unauthorized", "send the API key as x-api-key header or as bearer token");
    }
    // Hashes have one length, so that the comparison tells nothing about the length of the key either.
    if (!timingSafeEqual(digest(given), expected)) throw new ServiceError("unauthorized", "the API key is not valid");
  });
}

/** Throws `forbidden` when the service would be open to others: an address beyond loopback and no key. */
export function checkBinding({ host, apiKey }: { readonly host: string; readonly apiKey: Secret | undefined }): void {
  if (apiKey !== undefined || isLoopback(host)) return;
  throw new ServiceError(
    "forbidden",
    `HOST=${host} lets other machines in, which needs NEMOPS_API_KEY; set it or bind to 127.0.0.1`,
  );
}

function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const bare = host.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === "loopback";
}

function givenKey(request: FastifyRequest): string | undefined {
  const key = request.headers["x-api-key"];
  if (typeof key === "string" && key !== "") return key;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1];
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? request.url;
}

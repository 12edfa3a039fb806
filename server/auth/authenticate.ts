import type { FastifyRequest } from "fastify";

import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { findCaller, readApiKeys } from "./api-keys.ts";
import { isLoopback } from "./binding.ts";
import { type CustomAuth, STUDIO_USER } from "./custom-auth.ts";
import { createTokenVerifier } from "./jwt.ts";
import type { Caller } from "./user.ts";

/** Finds out who sends a request. Throws `unauthorized`, `unavailable` or AuthRejection. */
export type Authenticate = (request: FastifyRequest) => Promise<Caller>;

export interface AuthenticateOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly custom: CustomAuth | undefined;
}

/** Whether anybody is asked who they are. */
export function hasAuth(config: Config, custom: unknown): boolean {
  return (
    custom !== undefined || config.apiKey !== undefined || config.apiKeysFile !== undefined || config.jwt !== undefined
  );
}

/**
 * A custom `Auth` when there is one, else keys and tokens. Undefined when nothing is configured: then everybody is let in,
 * which `checkBinding` allows on loopback only. Throws ConfigError for a bad file of keys.
 */
export async function createAuthenticate(options: AuthenticateOptions): Promise<Authenticate | undefined> {
  const { config, clock, log, custom } = options;
  if (custom !== undefined) return (request) => authenticateCustom(request, custom, config.host);
  if (!hasAuth(config, undefined)) return undefined;
  const keys = await readApiKeys(config);
  const verifyToken = config.jwt === undefined ? undefined : createTokenVerifier({ jwt: config.jwt, clock, log });
  const wanted = describeWanted(keys.length > 0, verifyToken !== undefined);
  return async (request) => {
    const { apiKey, bearer } = readCredentials(request);
    const given = apiKey ?? bearer;
    if (given === undefined) throw new ServiceError("unauthorized", `send ${wanted}`);
    const known = keys.length === 0 ? undefined : findCaller(keys, given, clock);
    if (known === "expired") throw new ServiceError("unauthorized", "the API key has expired");
    if (known !== undefined) return known;
    if (verifyToken !== undefined && apiKey === undefined && bearer !== undefined) return verifyToken(bearer);
    throw new ServiceError("unauthorized", "the API key is not valid");
  };
}

async function authenticateCustom(request: FastifyRequest, custom: CustomAuth, host: string): Promise<Caller> {
  if (custom.hasStudioUsers && isLocalStudio(request, host)) return { user: STUDIO_USER, scopes: undefined };
  return { user: await custom.authenticate(toWebRequest(request)), scopes: undefined };
}

/**
 * Studio says who it is in a header, which anybody can send. So it is believed only from this machine, to a service that
 * listens on loopback, without a proxy between, and from no page but Studio's own.
 */
function isLocalStudio({ headers, ip }: FastifyRequest, host: string): boolean {
  if (headers["x-auth-scheme"] !== "langsmith" || !isLoopback(host) || !isLoopback(ip)) return false;
  if (["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"].some((name) => name in headers))
    return false;
  return headers.origin === undefined || /^https:\/\/(?:[a-z0-9-]+\.)?smith\.langchain\.com$/.test(headers.origin);
}

function readCredentials({ headers }: FastifyRequest): { readonly apiKey?: string; readonly bearer?: string } {
  const key = headers["x-api-key"];
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  return {
    ...(typeof key === "string" && key !== "" ? { apiKey: key } : {}),
    ...(bearer === undefined ? {} : { bearer }),
  };
}

function describeWanted(hasKeys: boolean, hasTokens: boolean): string {
  const key = "the API key as x-api-key header or as bearer token";
  if (!hasTokens) return key;
  return hasKeys ? `${key}, or a signed token as bearer token` : "a signed token as bearer token";
}

/** What `authenticate` is shown. Its body has not been read by then, so there is none. */
function toWebRequest({ method, url, protocol, headers }: FastifyRequest): Request {
  const { host = "localhost" } = headers;
  const base = `${protocol}://${host}`;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(":") || value === undefined ? [] : [value].flat().map((item): [string, string] => [name, item]),
  );
  // A Host header may be anything; the path is what counts.
  const target = URL.canParse(url, base) ? new URL(url, base) : new URL(url, "http://localhost");
  return new Request(target, { method: method === "TRACE" ? "GET" : method, headers: pairs });
}

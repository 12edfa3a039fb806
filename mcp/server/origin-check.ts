import type { IncomingMessage } from "node:http";

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

export interface OriginCheckOptions {
  /** Host names (any port) or `host:port` pairs the server answers to, besides loopback; `any` switches the check off. */
  readonly allowedHosts: readonly string[] | "any";
  /** Further web origins, for example `https://ops.example.com`. Exact: a wildcard would let every page call tools. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Says why a request must be refused, or nothing when it may pass. A page that rebinds its own DNS name to this machine
 * arrives with that name in `Host`; a page from elsewhere arrives with its own `Origin`. Programs send no `Origin`.
 * Source: MCP specification 2025-11-25, Streamable HTTP, security warning.
 */
export function refuseOrigin(request: IncomingMessage, options: OriginCheckOptions): string | undefined {
  const { allowedHosts, allowedOrigins } = options;
  const host = request.headers.host;
  if (allowedHosts !== "any" && !isAllowedHost(host, allowedHosts)) {
    return `Host ${JSON.stringify(host ?? "")} is not served here`;
  }
  const { origin } = request.headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return undefined;
  const originHost = URL.canParse(origin) ? new URL(origin).host : undefined;
  const isOwn = isAllowedHost(originHost, allowedHosts === "any" ? [] : allowedHosts) || originHost === host;
  return isOwn && originHost !== undefined ? undefined : `Origin ${JSON.stringify(origin)} may not call this server`;
}

function isAllowedHost(host: string | undefined, allowed: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return [...LOOPBACK_HOSTS, ...allowed].some((entry) => {
    const wanted = entry.toLowerCase();
    return wanted === name || wanted === host.toLowerCase();
  });
}

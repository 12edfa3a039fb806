import ipaddr from "ipaddr.js";

import { ServiceError } from "../../lib/errors.ts";

/** Throws `forbidden` when the service would be open to others: an address beyond loopback and nobody asked who calls. */
export function checkBinding({ host, hasAuth }: { readonly host: string; readonly hasAuth: boolean }): void {
  if (hasAuth || isLoopback(host)) return;
  throw new ServiceError(
    "forbidden",
    `HOST=${host} lets other machines in, which needs NEMOPS_API_KEY, NEMOPS_API_KEYS_FILE, AUTH_JWT_* or the auth ` +
      "block of langgraph.json; set one of them or bind to 127.0.0.1",
  );
}

export function isLoopback(host: string): boolean {
  if (host === "localhost") return true;
  const bare = host.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === "loopback";
}

import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { type IncomingMessage, type RequestOptions, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";

import ipaddr from "ipaddr.js";

import { ServiceError, errorMessage } from "./errors.ts";

/** Resolves a host name to all its addresses, which are not read beside an error. The system's resolver when absent. */
export type Resolve = (
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface OutboundRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Lets the request reach loopback, private and other non-public addresses. */
  readonly allowPrivate: boolean;
  readonly resolve?: Resolve;
  /** `MAX_RESPONSE_BYTES` when left out. */
  readonly maxResponseBytes?: number;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most `maxResponseBytes`; the rest is not read. */
  readonly body: string;
}

export const MAX_RESPONSE_BYTES = 65_536;

/**
 * True for an address of the public Internet. Loopback, private, link-local (cloud metadata), shared, multicast,
 * reserved and documentation ranges are not, and neither is an IPv6 address that only wraps such an IPv4 one.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address.replace(/%.*$/, ""));
  const wrapped = parsed instanceof ipaddr.IPv6 ? wrappedIpv4(parsed) : undefined;
  return (wrapped ?? parsed).range() === "unicast";
}

/** The IPv4 address that a mapped, translated (NAT64) or 6to4 address leads to. */
function wrappedIpv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const range = address.range();
  const bytes = address.toByteArray();
  if (range === "ipv4Mapped") return address.toIPv4Address();
  if (range === "rfc6052") return new ipaddr.IPv4(bytes.slice(12, 16));
  if (range === "6to4") return new ipaddr.IPv4(bytes.slice(2, 6));
  return undefined;
}

/**
 * Reads a URL that the service is to call. Throws `invalid_input` for anything but http and https, for credentials in the
 * URL, and, unless allowed, for a literal address that is not public. Host names are checked when they are connected to.
 */
export function readOutboundUrl(text: string, { allowPrivate }: { allowPrivate: boolean }): URL {
  if (!URL.canParse(text)) throw new ServiceError("invalid_input", "only absolute http and https URLs are accepted");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ServiceError("invalid_input", `outbound URLs must be http or https, not ${url.protocol}//`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ServiceError("invalid_input", `the outbound URL for ${url.host} must not hold a user name or password`);
  }
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowPrivate && ipaddr.isValid(literal) && !isPublicAddress(literal)) throw refusal(url.host, literal);
  return url;
}

/**
 * Looks a target up before anything is sent to it, so that a refusal comes early. Throws `invalid_input` like
 * `readOutboundUrl`, also for a name that leads to an address that is not public; a name that cannot be looked up passes,
 * and so does anything when private addresses are allowed: `sendOutbound` checks again.
 */
export async function checkOutboundTarget(
  text: string,
  options: Pick<OutboundRequest, "allowPrivate" | "resolve">,
): Promise<void> {
  const url = readOutboundUrl(text, options);
  if (options.allowPrivate) return;
  const look = checkedLookup(url.host, options);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const error = await new Promise<unknown>((resolve) => look(hostname, { all: true }, (found) => resolve(found)));
  if (error instanceof ServiceError) throw error;
}

/**
 * One HTTP exchange with the checks of `readOutboundUrl`. The address that is checked is the one that is connected to:
 * the check sits in the socket's own look-up, so a name that resolves differently a second time gains nothing. Redirects
 * are answered as they are, never followed. Throws `invalid_input` for a refused target, `timed_out`, or `unavailable`
 * for a failed connection; messages name the host only, because paths of webhooks are secrets.
 */
export async function sendOutbound(options: OutboundRequest): Promise<OutboundResponse> {
  const url = readOutboundUrl(options.url, options);
  options.signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  try {
    return await exchange(url, options, signal);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    if (timeout.aborted) {
      throw new ServiceError("timed_out", `${url.host} gave no answer within ${options.timeoutMs} ms`, {
        cause: error,
      });
    }
    if (options.signal?.aborted === true) throw options.signal.reason;
    throw new ServiceError("unavailable", `cannot reach ${url.host}: ${errorMessage(error)}`, { cause: error });
  }
}

function exchange(url: URL, options: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
  const body = options.body === undefined ? undefined : Buffer.from(options.body, "utf8");
  const settings: RequestOptions = {
    method: options.method,
    headers: { ...options.headers, ...(body === undefined ? {} : { "content-length": body.byteLength }) },
    // A connection of its own: a kept-alive one would skip the look-up and with it the check.
    agent: false,
    lookup: checkedLookup(url.host, options),
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, settings, (response) => {
      readBody(response, options.maxResponseBytes ?? MAX_RESPONSE_BYTES).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        reject,
      );
    });
    request.once("error", reject);
    request.end(body);
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}

/** The socket's look-up: every address of the name must be allowed, else nothing is connected. */
function checkedLookup(
  host: string,
  { allowPrivate, resolve }: Pick<OutboundRequest, "allowPrivate" | "resolve">,
): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    const finish = (error: Error | null, addresses: readonly LookupAddress[]): void => {
      if (error !== null) {
        callback(error, "", 0);
        return;
      }
      const refused = allowPrivate ? undefined : addresses.find(({ address }) => !isPublicAddress(address));
      const [first] = addresses;
      if (refused !== undefined) callback(refusal(host, refused.address), "", 0);
      else if (first === undefined) callback(new Error(`${hostname} has no address`), "", 0);
      else if (lookupOptions.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    };
    if (resolve === undefined) systemLookup(hostname, { all: true }, finish);
    else resolve(hostname, finish);
  };
}

function refusal(host: string, address: string): ServiceError {
  return new ServiceError(
    "invalid_input",
    `${host} is at ${address}, which is not a public address; set OUTBOUND_ALLOW_PRIVATE=1 to allow it`,
  );
}

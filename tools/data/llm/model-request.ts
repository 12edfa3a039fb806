import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

import { errorMessage } from "../../../lib/errors.ts";

export interface ModelEndpointOptions {
  /** The OpenAI-compatible base, for example `http://127.0.0.1:4000/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Why a request to a model brought no answer. */
export type ModelFailure =
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number | undefined; readonly message: string }
  /** 502, 503, 504: worth trying again at once. */
  | { readonly kind: "gateway"; readonly message: string; readonly retryAfterMs: number | undefined }
  /** Other 5xx, timeouts, torn connections: worth another try later. */
  | { readonly kind: "server" | "timeout" | "connection"; readonly message: string }
  /** 4xx: the same request fails again. */
  | { readonly kind: "refused"; readonly message: string };

export interface ModelRequest {
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Sends one request. Resolves for every failure; rejects only when the caller's signal aborts. */
export type SendModelRequest = (
  request: ModelRequest,
) => Promise<{ readonly kind: "text"; readonly text: string } | ModelFailure>;

const MAX_BODY_CHARS = 16_000_000;
/** A shorter header is no secret, and its letters are found in any text. */
const MIN_SECRET_CHARS = 8;

/**
 * Posts JSON to one path of an endpoint with kept-alive connections. node:http is used because at hundreds of requests
 * in flight it costs about half the processor time of the built-in fetch.
 */
export function createModelRequest(
  path: string,
  { baseUrl, apiKey, headers = {} }: ModelEndpointOptions,
): SendModelRequest & { close(): void } {
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}${path}`);
  const isTls = url.protocol === "https:";
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const post = isTls ? httpsRequest : httpRequest;
  const fixed = {
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    ...headers,
  };

  const secrets = [apiKey ?? "", ...Object.values(headers)].filter(({ length }) => length >= MIN_SECRET_CHARS);
  /** Some servers repeat the key that they refuse, and what they say is shown to whoever made the design. */
  const hide = (text: string): string => secrets.reduce((rest, each) => rest.replaceAll(each, "[secret]"), text);

  const send: SendModelRequest = ({ body, timeoutMs, signal }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      let hasTimedOut = false;
      const request = post(
        url,
        { method: "POST", agent, headers: { ...fixed, "content-length": Buffer.byteLength(body) } },
        (response) => {
          readText(response).then((text) => finish(toResult(response, text, hide)), fail);
        },
      );
      const timer = setTimeout(() => {
        hasTimedOut = true;
        request.destroy(new Error("timed out"));
      }, timeoutMs);
      const onAbort = (): void => void request.destroy(new Error("aborted"));
      const release = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const finish = (result: Awaited<ReturnType<SendModelRequest>>): void => {
        release();
        resolve(result);
      };
      const fail = (error: unknown): void => {
        release();
        if (signal.aborted) reject(signal.reason as Error);
        else if (hasTimedOut) resolve({ kind: "timeout", message: `no answer within ${timeoutMs} ms` });
        else resolve({ kind: "connection", message: errorMessage(error) });
      };
      signal.addEventListener("abort", onAbort, { once: true });
      request.once("error", fail);
      request.end(body);
    });
  return Object.assign(send, { close: () => agent.destroy() });
}

async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_BODY_CHARS) throw new Error(`the answer is longer than ${MAX_BODY_CHARS} characters`);
  }
  if (!response.complete) throw new Error("the answer was cut off");
  return text;
}

function toResult(
  response: IncomingMessage,
  text: string,
  hide: (text: string) => string,
): Awaited<ReturnType<SendModelRequest>> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return { kind: "text", text };
  const message = `HTTP ${status}: ${hide(text).slice(0, 200)}`;
  const retryAfterMs = readRetryAfter(response.headers["retry-after"], response.headers.date);
  if (status === 429) return { kind: "rate_limited", retryAfterMs, message };
  if (status === 502 || status === 503 || status === 504) return { kind: "gateway", message, retryAfterMs };
  if (status >= 500 || status === 408) return { kind: "server", message };
  return { kind: "refused", message };
}

/** Undefined for text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date that is compared with the server's own clock; undefined when absent or unreadable. */
export function readRetryAfter(value: string | undefined, serverDate: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const wait = Date.parse(value) - Date.parse(serverDate ?? "");
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

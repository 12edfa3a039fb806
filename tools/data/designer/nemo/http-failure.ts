import { z } from "zod";

import { type ErrorCode, type FieldProblem, ServiceError } from "../../../../lib/errors.ts";

/** A request that a service did not answer as hoped. */
export class HttpFailure extends ServiceError {
  /** Undefined when no answer came: the service cannot be reached, fell silent, or tore the connection. */
  readonly status: number | undefined;
  /** Entries of the answer's `detail`; empty when it has none. */
  readonly details: readonly FieldDetail[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: HttpFailureOptions = {}) {
    const { details = [], cause } = options;
    const problems: FieldProblem[] = details.map(({ loc, msg }) => ({ field: loc.join("."), message: msg }));
    super(code, message, { problems, ...(cause === undefined ? {} : { cause }) });
    this.name = "HttpFailure";
    this.status = options.status;
    this.details = details;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the service may have done what it was asked although nobody was told. */
  get isAmbiguous(): boolean {
    return this.code === "unavailable" || this.code === "timed_out";
  }
}

interface HttpFailureOptions {
  readonly status?: number;
  readonly details?: readonly FieldDetail[];
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** One entry of a validation error. Source: NeMo Data Designer API 1.4.0, `ValidationError`. */
const FieldDetail = z.object({
  loc: z.array(z.union([z.string(), z.number()])),
  msg: z.string(),
  type: z.string().default(""),
});
export type FieldDetail = z.infer<typeof FieldDetail>;

const MAX_SHOWN = 10;
const MAX_TEXT = 500;

/** What an answer that is no success means. `what` says what was asked, for example `GET /v1/data-designer/jobs`. */
export function readFailure(options: {
  readonly host: string;
  readonly what: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
}): HttpFailure {
  const { host, what, status, body, retryAfterMs } = options;
  const details = readDetails(body);
  const said = sayDetails(details) ?? sayText(body);
  return new HttpFailure(
    codeOf(status),
    `the NeMo service at ${host} ${explain(status)} (${what}: ${status})${said === "" ? "" : `: ${said}`}`,
    { status, details, retryAfterMs },
  );
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return "forbidden";
    case 404:
      return "not_found";
    case 405:
    case 501:
      return "not_supported";
    case 409:
      return "conflict";
    case 413:
      return "payload_too_large";
    case 408:
    case 504:
      return "timed_out";
    case 429:
      return "rate_limited";
    default:
      return status >= 400 && status < 500 ? "invalid_input" : "unavailable";
  }
}

function explain(status: number): string {
  if (status === 401 || status === 403) return "refuses the key; check NEMO_API_KEY";
  if (status === 404) return "does not have that";
  if (status === 405 || status === 501) return "cannot do that";
  if (status === 429) return "takes no more requests at the moment";
  if (status >= 300 && status < 400) return "redirects elsewhere, which is not followed; check NEMO_BASE_URL";
  return status < 500 ? "refuses the request" : "failed";
}

function readDetails(body: string): FieldDetail[] {
  const parsed = z.object({ detail: z.array(FieldDetail) }).safeParse(parseJson(body));
  return parsed.success ? parsed.data.detail : [];
}

function sayDetails(details: readonly FieldDetail[]): string | undefined {
  if (details.length === 0) return undefined;
  const shown = details.slice(0, MAX_SHOWN).map(({ loc, msg }) => `${loc.join(".")}: ${msg}`);
  const rest = details.length - shown.length;
  return rest > 0 ? `${shown.join("; ")}; and ${rest} more` : shown.join("; ");
}

const Said = z.object({
  detail: z.union([z.string(), z.object({ message: z.string() })]).optional(),
  message: z.string().optional(),
  error: z.union([z.string(), z.object({ message: z.string() })]).optional(),
});

function sayText(body: string): string {
  const parsed = Said.safeParse(parseJson(body));
  const said = parsed.success ? (parsed.data.detail ?? parsed.data.message ?? parsed.data.error) : undefined;
  const text = typeof said === "object" ? said.message : (said ?? "");
  // A page of HTML from a gateway helps nobody.
  const shown = text === "" && !/^\s*[<{[]/.test(body) ? body : text;
  return shown.replaceAll(/\s+/g, " ").trim().slice(0, MAX_TEXT);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

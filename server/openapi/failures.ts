import { ERROR_CODES, type ErrorCode } from "../../lib/errors.ts";
import type { ErrorBody } from "../schemas/common.ts";
import type { ResponseObject } from "./types.ts";

const ERROR_REFERENCE = { $ref: "#/components/schemas/Error" };

/** What a caller reads, where that is more than the title of the failure. */
const DETAILS: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid_json: "the body is not valid JSON: Unexpected end of JSON input",
  unauthorized: "send the API key as x-api-key header or as bearer token",
  forbidden: 'DELETE /threads/:thread_id needs the scope "admin"; ci has read, run',
  already_exists: "Thread already exists",
  payload_too_large: "the body is larger than 67108864 bytes (BODY_LIMIT_BYTES); send less or raise the limit",
  invalid_input: "limit: Too big: expected number to be <=1000",
  thread_busy: "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
  rate_limited: "Rate limit exceeded, retry in 1 minute",
};

/** The body of a failure, as `error-handler.ts` sends it. */
export function failureExample(code: ErrorCode): ErrorBody {
  const { status, title } = ERROR_CODES[code];
  return {
    type: `urn:nemops:error:${code}`,
    title,
    status,
    detail: DETAILS[code] ?? title,
    code,
    request_id: "0b6a3c1d-52e8-4f7a-9c04-8d1e2f3a4b5c",
    ...(code === "invalid_input"
      ? { errors: [{ field: "limit", message: "Too big: expected number to be <=1000" }] }
      : {}),
  };
}

/** Name under which the answer of one failure is found: `ThreadNotFound`. */
export function responseName(code: ErrorCode): string {
  return code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The answer to some failures of one status. */
export function failureResponse(codes: readonly ErrorCode[]): ResponseObject {
  const [first] = codes;
  const isWaiting = codes.some((code) => ERROR_CODES[code].status === 429);
  return {
    description: codes.map((code) => `${ERROR_CODES[code].title} (\`${code}\`).`).join(" "),
    ...(isWaiting
      ? { headers: { "Retry-After": { description: "Seconds to wait.", schema: { type: "string" } } } }
      : {}),
    content: {
      "application/problem+json": {
        schema: ERROR_REFERENCE,
        ...(codes.length === 1 && first !== undefined
          ? { example: failureExample(first) }
          : {
              examples: Object.fromEntries(
                codes.map((code) => [code, { summary: ERROR_CODES[code].title, value: failureExample(code) }]),
              ),
            }),
      },
    },
  };
}

/** Failures by status, in the order of the statuses. */
export function byStatus(codes: Iterable<ErrorCode>): [status: string, codes: ErrorCode[]][] {
  const found = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = ERROR_CODES[code];
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return [...found].sort(([left], [right]) => left - right).map(([status, list]) => [String(status), list]);
}

/** What may go wrong on any route. */
export const ANY_FAILURE: ResponseObject = {
  description:
    "Any other failure, such as a store that cannot be reached. `Retry-After` says when trying again can help.",
  content: { "application/problem+json": { schema: ERROR_REFERENCE, example: failureExample("storage_failed") } },
};

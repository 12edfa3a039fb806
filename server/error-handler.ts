import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

import { ERROR_CODES, type ErrorCode, type FieldProblem, ServiceError } from "../lib/errors.ts";
import { AuthRejection } from "./auth/rejection.ts";
import type { ErrorBody } from "./schemas/common.ts";

/** Texts may repeat what was sent, which may be as long as a body. */
const MAX_DETAIL_LENGTH = 4_000;
const MAX_PROBLEM_LENGTH = 1_000;
const MAX_PROBLEMS = 100;

const PROBLEM_JSON = "application/problem+json; charset=utf-8";

/** The only place that knows HTTP statuses of failures. One JSON object for each; the fault of a caller is never 5xx. */
export function registerErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError | ServiceError | AuthRejection>((error, request, reply) => {
    const failure = toFailure(error, request);
    if (error instanceof AuthRejection) reply.headers(error.headers);
    if (failure.status >= 500) request.log.error({ request_id: request.id, err: error }, "request failed");
    if (failure.code === "rate_limited" || failure.status === 503) reply.header("retry-after", retryAfter(reply));
    return send(reply, request, failure);
  });
  app.setNotFoundHandler((request, reply) =>
    send(reply, request, {
      status: 404,
      code: "not_found",
      title: ERROR_CODES.not_found.title,
      detail: `no route ${request.method} ${request.url.split("?", 1)[0] ?? ""}; /docs lists what there is`,
    }),
  );
}

/** A URL that cannot be read gets the same error body as everything else; hooks do not run for it. */
export function sendUrlError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  // Nobody else closes a connection that was to be switched to another protocol.
  if (request.headers.upgrade !== undefined) reply.raw.once("finish", () => request.raw.socket.destroySoon());
  void send(reply.header("x-request-id", request.id), request, toFailure(error, request));
}

/** Codes of the statuses that handlers of a custom `Auth` answer with. */
const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  429: "rate_limited",
};

interface Failure {
  readonly status: number;
  readonly code: ErrorCode | "internal";
  readonly title: string;
  readonly detail: string;
  readonly problems?: readonly FieldProblem[];
}

function toFailure(error: FastifyError | ServiceError | AuthRejection, request: FastifyRequest): Failure {
  if (error instanceof AuthRejection) {
    const code = CODE_BY_STATUS[error.status] ?? (error.status >= 500 ? "unavailable" : "bad_request");
    return { ...known(code, error.message), status: error.status };
  }
  if (error instanceof ServiceError) {
    const { status, title } = ERROR_CODES[error.code];
    return { status, code: error.code, title, detail: error.message, problems: error.problems };
  }
  if (hasZodFastifySchemaValidationErrors(error)) return validationFailure(error);
  const status = error.statusCode ?? 500;
  if (status === 413) {
    const limit = request.routeOptions.bodyLimit;
    return known(
      "payload_too_large",
      `the body is larger than ${limit} bytes (BODY_LIMIT_BYTES); send less or raise the limit`,
    );
  }
  if (status === 429) return known("rate_limited", error.message);
  if (error.code === MEDIA_TYPE_ERROR) return known("bad_request", mediaTypeProblem(request));
  if (status >= 400 && status < 500) return { ...known("bad_request", error.message), status };
  return {
    status: 500,
    code: "internal",
    title: "Internal error",
    detail: `an unexpected error; the server's log has it under request ${request.id}`,
  };
}

export const MEDIA_TYPE_ERROR = "FST_ERR_CTP_INVALID_MEDIA_TYPE";

/** Bodies are read whatever their type says, so all that is refused is what is no media type. */
export function mediaTypeProblem({ headers }: FastifyRequest): string {
  const type = JSON.stringify(String(headers["content-type"]).slice(0, 100));
  return `content-type: ${type} is not a media type; leave it out, or send application/json`;
}

function known(code: ErrorCode, detail: string): Failure {
  const { status, title } = ERROR_CODES[code];
  return { status, code, title, detail };
}

interface ZodProblem {
  readonly instancePath: string;
  readonly message?: string;
  readonly params?: { readonly issue?: unknown };
}

function validationFailure(error: { validation: readonly ZodProblem[]; validationContext?: string }): Failure {
  const where = error.validationContext ?? "body";
  const problems = error.validation.map((problem) => ({
    field: problem.instancePath.replace(/^\//, "").replaceAll("/", ".") || where,
    message: problem.message ?? "is not valid",
  }));
  const detail = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return { ...known("invalid_input", detail), problems };
}

function retryAfter(reply: FastifyReply): string {
  const present = reply.getHeader("retry-after");
  return present === undefined ? "1" : String(present);
}

function send(reply: FastifyReply, request: FastifyRequest, failure: Failure): FastifyReply {
  const body: ErrorBody = {
    type: `urn:nemops:error:${failure.code}`,
    title: failure.title,
    status: failure.status,
    detail: shorten(failure.detail, MAX_DETAIL_LENGTH),
    code: failure.code,
    request_id: request.id,
    ...(failure.problems === undefined || failure.problems.length === 0
      ? {}
      : { errors: shortProblems(failure.problems) }),
  };
  return reply.code(failure.status).header("content-type", PROBLEM_JSON).send(JSON.stringify(body));
}

function shortProblems(problems: readonly FieldProblem[]): FieldProblem[] {
  return problems.slice(0, MAX_PROBLEMS).map(({ field, message }) => ({
    field: shorten(field, MAX_PROBLEM_LENGTH),
    message: shorten(message, MAX_PROBLEM_LENGTH),
  }));
}

/** The beginning and the end, between which the text says how much was left out. */
function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = Math.floor(maxLength / 2);
  return `${text.slice(0, half)} [${text.length - 2 * half} characters left out] ${text.slice(-half)}`;
}

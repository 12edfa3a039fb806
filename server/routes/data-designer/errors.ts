import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";

import { isConfigObject } from "../../../engine/data/design/read-config.ts";
import { hasErrors, shownName, Violation } from "../../../engine/data/design/violation.ts";
import { ERROR_CODES, type ErrorCode, ServiceError } from "../../../lib/errors.ts";
import { MEDIA_TYPE_ERROR, mediaTypeProblem } from "../../error-handler.ts";
import type { ValidationError } from "../../schemas/data-designer.ts";

/**
 * Errors in the shape of the service whose API these routes have: `{detail: [{loc, msg, type}]}` with 422 for bad input,
 * `{detail: text}` otherwise. The statuses are those of the whole service, but broken JSON is 422 there.
 */
export function registerDialectErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError | ServiceError>((error, request, reply) => {
    const problems = problemsOf(error, request);
    if (problems !== undefined) return reply.code(422).send({ detail: problems });
    const status = error instanceof ServiceError ? ERROR_CODES[error.code].status : (error.statusCode ?? 500);
    if (status >= 500) request.log.error({ request_id: request.id, err: error }, "request failed");
    if (status === 429 || status === 503) reply.header("retry-after", "1");
    const isTold = error instanceof ServiceError || status < 500;
    const detail = isTold ? error.message : `an unexpected error; the server's log has it under request ${request.id}`;
    return reply.code(status).send({ detail });
  });
}

function problemsOf(error: FastifyError | ServiceError, request: FastifyRequest): ValidationError[] | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = WHERE[error.validationContext ?? "body"] ?? "body";
    return error.validation.map(({ instancePath, message = "is not valid" }) => ({
      loc: [where, ...instancePath.split("/").slice(1).map(readKey)],
      msg: message,
      type: /received undefined/.test(message) ? "missing" : "value_error",
    }));
  }
  if (!(error instanceof ServiceError)) {
    if (error.code !== MEDIA_TYPE_ERROR) return undefined;
    return [{ loc: ["header", "content-type"], msg: mediaTypeProblem(request), type: "value_error" }];
  }
  if (error.code === "invalid_json") return [{ loc: ["body"], msg: error.message, type: "json_invalid" }];
  const { status } = ERROR_CODES[error.code];
  if (status !== 422 && !SENT_AS_422.has(error.code)) return undefined;
  return violationsOf(error, request.body) ?? fieldProblems(error, request.body);
}

/** What else is wrong with the input, as that service sees it. A bad request is a key that no body may have. */
const SENT_AS_422: ReadonlySet<ErrorCode> = new Set(["bad_request", "not_supported"]);

const WHERE: Readonly<Record<string, string>> = { querystring: "query", params: "path", headers: "header" };

function readKey(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part;
}

/** Of a design that is wrong in thousands of places. */
const MAX_TOLD = 100;

/** The violations, each at the place of its column, so that a client can point at it. */
function violationsOf(error: ServiceError, body: unknown): ValidationError[] | undefined {
  const violations = Violation.array().safeParse(error.data["violations"]).data;
  if (violations === undefined || !hasErrors(violations)) return undefined;
  const { prefix, names } = configOf(body);
  return violations
    .filter(({ level }) => level === "error")
    .slice(0, MAX_TOLD)
    .map(({ column, message, type }) => {
      const index = column === null ? -1 : names.indexOf(column);
      const loc = index === -1 ? prefix : [...prefix, "columns", index];
      return { loc, msg: column === null ? message : `column "${shownName(column)}": ${message}`, type };
    });
}

function configOf(body: unknown): { prefix: string[]; names: unknown[] } {
  const isJob = isConfigObject(body) && isConfigObject(body["spec"]);
  const holder = isJob ? body["spec"] : body;
  const config = isConfigObject(holder) ? holder["config"] : undefined;
  const columns: unknown = isConfigObject(config) ? config["columns"] : undefined;
  const names = Array.isArray(columns)
    ? columns.map((column: unknown) => (isConfigObject(column) ? column["name"] : undefined))
    : [];
  return { prefix: isJob ? ["body", "spec", "config"] : ["body", "config"], names };
}

/** The fields of a job's request that stand in its `spec`. */
const SPEC_FIELDS = ["num_records", "config"];

function fieldProblems(error: ServiceError, body: unknown): ValidationError[] {
  const type = error.code === "not_supported" ? "not_supported" : "value_error";
  if (error.problems.length === 0) return [{ loc: ["body"], msg: error.message, type }];
  const isJob = isConfigObject(body) && isConfigObject(body["spec"]);
  return error.problems.map(({ field, message }) => {
    const path = field.split(".");
    const loc = ["body", ...(isJob && SPEC_FIELDS.includes(path[0] ?? "") ? ["spec"] : []), ...path];
    return { loc, msg: message, type };
  });
}

import type { z } from "zod";

import { type ErrorCode, ServiceError } from "../../lib/errors.ts";
import { AuthRejection } from "../auth/rejection.ts";
import type { ProtocolErrorCode } from "../schemas/protocol.ts";

/** A command that cannot be done, with the protocol's own code. The message says what was wrong and what would be right. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const CODES: Partial<Record<ErrorCode, ProtocolErrorCode>> = {
  bad_request: "invalid_argument",
  invalid_input: "invalid_argument",
  assistant_not_found: "invalid_argument",
  thread_not_found: "invalid_argument",
  thread_busy: "invalid_argument",
  conflict: "invalid_argument",
  run_not_found: "no_such_run",
  checkpoint_not_found: "no_such_checkpoint",
  unauthorized: "permission_denied",
  forbidden: "permission_denied",
  not_supported: "not_supported",
};

/** Code and message for what a command threw; undefined for a defect, which is not the caller's to read. */
export function toProtocolError(
  error: unknown,
): { readonly code: ProtocolErrorCode; readonly message: string } | undefined {
  if (error instanceof ProtocolError) return { code: error.code, message: error.message };
  if (error instanceof AuthRejection) return { code: "permission_denied", message: error.message };
  if (error instanceof ServiceError) return { code: CODES[error.code] ?? "unknown_error", message: error.message };
  return undefined;
}

/** Reads the parameters of a command. Throws `invalid_argument` that names every field that is wrong. */
export function readParams<Schema extends z.ZodType>(schema: Schema, params: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(params ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${["params", ...path].join(".")}: ${message}`);
  throw new ProtocolError("invalid_argument", problems.join("; "));
}

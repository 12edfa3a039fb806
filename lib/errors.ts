/**
 * Expected failures. The table is the single list of codes: the HTTP status a server gives them and whether the same
 * call can succeed later without being changed. ARCHITECTURE.md repeats the table and a test holds them equal.
 */
export const ERROR_CODES = {
  bad_request: { status: 400, retryable: false, title: "Bad request" },
  invalid_json: { status: 400, retryable: false, title: "Body is not valid JSON" },
  unauthorized: { status: 401, retryable: false, title: "Authentication required" },
  forbidden: { status: 403, retryable: false, title: "Not allowed" },
  not_found: { status: 404, retryable: false, title: "Not found" },
  assistant_not_found: { status: 404, retryable: false, title: "Assistant not found" },
  thread_not_found: { status: 404, retryable: false, title: "Thread not found" },
  run_not_found: { status: 404, retryable: false, title: "Run not found" },
  checkpoint_not_found: { status: 404, retryable: false, title: "Checkpoint not found" },
  gpu_not_found: { status: 404, retryable: false, title: "No such GPU" },
  node_not_found: { status: 404, retryable: false, title: "No such node" },
  alert_not_found: { status: 404, retryable: false, title: "No such alert" },
  incident_not_found: { status: 404, retryable: false, title: "No such incident" },
  already_exists: { status: 409, retryable: false, title: "Already exists" },
  conflict: { status: 409, retryable: false, title: "Conflict with the current state" },
  payload_too_large: { status: 413, retryable: false, title: "Too large" },
  invalid_input: { status: 422, retryable: false, title: "Invalid input" },
  thread_busy: { status: 422, retryable: true, title: "Thread is busy" },
  unknown_test: { status: 422, retryable: false, title: "Unknown diagnostic" },
  unreadable_input: { status: 422, retryable: false, title: "Input cannot be read" },
  rate_limited: { status: 429, retryable: true, title: "Too many requests" },
  not_supported: { status: 501, retryable: false, title: "Not supported" },
  source_failed: { status: 502, retryable: true, title: "GPU source failed" },
  model_failed: { status: 502, retryable: true, title: "Model endpoint failed" },
  tool_failed: { status: 502, retryable: true, title: "Tool failed" },
  unavailable: { status: 503, retryable: true, title: "Temporarily unavailable" },
  storage_failed: { status: 503, retryable: true, title: "Storage failed" },
  timed_out: { status: 504, retryable: true, title: "Timed out" },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface FieldProblem {
  /** Dotted path to the field, for example `config.configurable.thread_id`. */
  readonly field: string;
  readonly message: string;
}

export interface ServiceErrorOptions {
  readonly cause?: unknown;
  /** One row per field that is wrong, when the failure is about fields. */
  readonly problems?: readonly FieldProblem[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A failure the caller can understand: the message says what was wrong, with which value, and what would be right. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly FieldProblem[];
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.code = code;
    this.problems = options.problems ?? [];
    this.data = options.data ?? {};
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The message of whatever was thrown, never empty. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

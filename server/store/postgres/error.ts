import { ServiceError, errorMessage } from "../../../lib/errors.ts";

/** What a refused statement or connection means for the person who runs the service, by SQLSTATE or by system error. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /^(?:08|57P0|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES)/,
    "it cannot be reached; check that it runs and that DATABASE_URI names it",
  ],
  [/^28/, "it refuses this user; check name and password in DATABASE_URI"],
  [/^(?:3D000|3F000)/, "there is no such database or schema; create it, or mend DATABASE_URI"],
  [/^42501/, "this user lacks a privilege; it must own the schema or be allowed to create tables in it"],
  [/^25006/, "it is read-only; DATABASE_URI must name the primary"],
  [/^53300/, "it has no free connections; raise max_connections or use fewer replicas"],
  [/^(?:53|58)/, "it is out of disk or memory"],
  [/^57014/, "a statement took too long and was ended"],
  [/^(?:40001|40P01|55P03)/, "others kept changing the same rows; try again"],
];

/** Text that no column can hold, and values no index or number can hold: only what a caller sends brings these about. */
const REFUSED_VALUES: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^(?:22021|22P05)/, "text with the character U+0000 cannot be stored"],
  [/^54/, "a name or key is too long to be stored"],
  [/^22003/, "a number is out of range"],
];

/** `host:port/database` of a connection URI: what messages may show of it. */
export function describeDatabase(uri: string): string {
  const parsed = URL.parse(uri);
  if (parsed === null) return "Postgres";
  return `${parsed.hostname || "localhost"}:${parsed.port || "5432"}${parsed.pathname}`;
}

/**
 * Failures of Postgres and of the way there become `storage_failed` with the remedy; values it cannot hold become
 * `invalid_input`. Anything else, such as a wrong statement of ours, comes back as it is.
 */
export function toPostgresError(error: unknown, database: string): unknown {
  if (error instanceof ServiceError) return error;
  const code = errorCode(error);
  const reason = REFUSED_VALUES.find(([pattern]) => pattern.test(code))?.[1];
  if (reason !== undefined) return new ServiceError("invalid_input", reason, { cause: error });
  const remedy = REMEDIES.find(([pattern]) => pattern.test(code))?.[1];
  if (remedy === undefined) return error;
  return new ServiceError("storage_failed", `database ${database}: ${remedy} (${errorMessage(error)})`, {
    cause: error,
  });
}

/** The driver gives no code when it loses or cannot get a connection. */
const LOST =
  /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/;

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  return error instanceof Error && LOST.test(error.message) ? "ECONNRESET" : "";
}

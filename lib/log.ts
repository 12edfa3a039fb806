import { type DestinationStream, type Logger, pino } from "pino";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  /** Where lines go. Standard output belongs to data, so the default is standard error. */
  readonly destination?: DestinationStream;
}

/** Field names that may carry a credential, at any of the depths we log. */
const REDACTED = ["apiKey", "api_key", "password", "token", "secret", "authorization", "x-api-key", "cookie"].flatMap(
  (name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`],
);

/** One JSON object a line: constant message, data in fields, credentials replaced by `[redacted]`. */
export function createLog({ level, destination }: LogOptions): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: "[redacted]" },
    },
    destination ?? pino.destination({ dest: 2, sync: false }),
  );
}

import type { Log } from "../lib/log.ts";

/**
 * A promise that a node of some graph forgot, or a timer of it that throws, must not end the runs of everybody else.
 * What the service itself keeps is written in transactions, so going on is safe.
 */
export function surviveStrayFailures(log: Log): void {
  process.on("unhandledRejection", (reason) => log.error({ err: reason }, "a rejected promise was handled by nobody"));
  process.on("uncaughtException", (error) => {
    // Nobody reads our output any more; to log that would only fail again.
    if ("code" in error && error.code === "EPIPE") process.exit(1);
    log.error({ err: error }, "an exception was caught by nobody");
  });
}

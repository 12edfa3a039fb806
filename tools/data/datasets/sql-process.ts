import { runSql } from "./sql-engine.ts";
import type { SqlReply, SqlRequest } from "./sql-protocol.ts";

/**
 * Entry of the process that runs SQL. It is a process of its own because DuckDB does not count long texts against its
 * memory limit, and does not look for an interrupt inside of a function call: a query that goes too far ends here,
 * with this process, and the service stays.
 */
const PROCESS_SHARE = 2.5;
const WATCH_MS = 25;

function reply(answer: SqlReply, then?: () => void): void {
  process.send?.(answer, undefined, undefined, then);
}

process.on("message", (request: SqlRequest) => {
  const maxRssBytes = PROCESS_SHARE * request.memoryMiB * 1_048_576;
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() < maxRssBytes) return;
    clearInterval(watch);
    reply({ problem: { kind: "memory", message: "the process that runs it grew too large" } }, () =>
      process.kill(process.pid, "SIGKILL"),
    );
  }, WATCH_MS);
  void runSql(request).then((answer) => {
    clearInterval(watch);
    reply(answer);
  });
});

process.on("disconnect", () => process.exit());

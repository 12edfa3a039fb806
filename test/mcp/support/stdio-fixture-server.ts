import { serveConnection } from "../../../mcp/server/serve-connection.ts";
import { createFixtureContext, fixtureServer, silentLog } from "./fixture-tools.ts";

/** A child process for the stdio tests. Its `drop` is a crash. */
const context = createFixtureContext(() => process.kill(process.pid, "SIGKILL"));
await serveConnection({
  createServer: fixtureServer(context),
  stdin: process.stdin,
  stdout: process.stdout,
  log: silentLog,
});

import { systemClock } from "../../lib/clock.ts";
import { createLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { STDIO_SERVER_NAMES, serveStdio } from "../../mcp/server/serve.ts";
import { type CommandContext, readConfig } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";

/** Standard output belongs to the protocol; the log goes to stderr. */
export async function run(_context: CommandContext, server: string): Promise<ExitName> {
  if (!STDIO_SERVER_NAMES.includes(server)) {
    throw new CliError("usage", `no MCP server "${server}"; servers are ${STDIO_SERVER_NAMES.join(", ")}`);
  }
  const config = readConfig();
  await serveStdio(server, {
    config,
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: config.logLevel }),
  });
  return "ok";
}

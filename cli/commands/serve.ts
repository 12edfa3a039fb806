import { serve } from "../../server/main.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";

interface Options extends GlobalOptions {
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
}

/** The server goes on after this returns, and stops by itself on SIGINT and SIGTERM. */
export async function run(_context: CommandContext, { host, port, config }: Options): Promise<ExitName> {
  await serve({
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(config === undefined ? {} : { config }),
  });
  // A server that could not start has said why and set the status of the process.
  if (process.exitCode === 2) return "usage";
  return process.exitCode === undefined || process.exitCode === 0 ? "ok" : "failure";
}

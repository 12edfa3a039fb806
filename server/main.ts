import path from "node:path";

import { systemClock } from "../lib/clock.ts";
import { type Config, ConfigError, applyEnvironment, loadConfig } from "../lib/config.ts";
import { ServiceError, errorMessage } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { type LanggraphConfig, readLanggraphConfig } from "./graph-registry.ts";
import { OWN_LANGGRAPH_JSON } from "./open-service.ts";
import { startServer } from "./start-server.ts";
import { surviveStrayFailures } from "./stray-failures.ts";

export interface ServeOptions {
  readonly host?: string;
  readonly port?: number;
  /** Another `langgraph.json` than the settings name. */
  readonly config?: string;
}

/** `npm start`: serves until SIGINT or SIGTERM. With one clear message when it cannot start: exit code 2 for
 * bad settings, 1 for anything else. */
export async function serve(options: ServeOptions = {}): Promise<void> {
  let config: Config;
  let langgraph: LanggraphConfig;
  try {
    const before = loadConfig();
    langgraph = await readLanggraphConfig(options.config ?? before.langgraphJson ?? OWN_LANGGRAPH_JSON);
    applyEnvironment(langgraph.env);
    const { host, port, ...rest } = loadConfig();
    config = { ...rest, host: options.host ?? host, port: options.port ?? port };
  } catch (error) {
    fail(errorMessage(error), error instanceof ConfigError ? 2 : 1);
    return;
  }
  const log = createLog({ level: config.logLevel });
  surviveStrayFailures(log);
  try {
    const server = await startServer({ config, langgraph, log, clock: systemClock });
    process.stdout.write(`${server.banner.join("\n")}\n`);
    const stop = (signal: NodeJS.Signals): void => {
      log.info({ signal }, "stopping");
      // A second signal ends at once.
      process.once(signal, () => process.exit(130));
      void server.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "not stopped in good order");
          process.exit(1);
        },
      );
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  } catch (error) {
    log.debug({ err: error }, "start failed");
    fail(explainStartFailure(error, config));
  }
}

/** What went wrong and what would be right. */
export function explainStartFailure(error: unknown, { host, port, home }: Config): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `port ${port} on ${host} is taken; stop what listens there or set PORT to another`;
  if (code === "EADDRNOTAVAIL") return `this machine has no address ${host}; set HOST to one it has, or to 127.0.0.1`;
  if (code === "EACCES") return `port ${port} may not be used by this user; set PORT to one above 1023`;
  if (error instanceof ServiceError && error.code === "storage_failed") {
    return `${error.message} (NEMOPS_HOME is ${home})`;
  }
  return errorMessage(error);
}

function fail(message: string, exitCode = 1): void {
  process.stderr.write(`nemops: ${message}\n`);
  process.exitCode = exitCode;
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) await serve();

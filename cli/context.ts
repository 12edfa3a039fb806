import { type Config, ConfigError, loadConfig } from "../lib/config.ts";
import { type Connection, connect } from "./connection.ts";
import { CliError } from "./exit-codes.ts";
import { type Service, createService } from "./service.ts";
import type { Terminal } from "./terminal.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly input: boolean;
  readonly url?: string;
  readonly local: boolean;
  readonly timeout?: number;
  /** One JSON object on stdout instead of text. */
  readonly json: boolean;
  readonly node?: string;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly options: GlobalOptions;
  /** Last word of the command, for example `ack`. */
  readonly name: string;
  /** Aborts with a CliError: `interrupted` from the keyboard, `timeout` after `--timeout`. */
  readonly signal: AbortSignal;
}

/** The settings; a bad one is a usage error that lists them all. */
export function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) throw new CliError("usage", error.message, { cause: error });
    throw error;
  }
}

/** Runs `work` against the service and lets go of it whatever happens. */
export async function withConnection<Result>(
  context: CommandContext,
  work: (connection: Connection, config: Config) => Promise<Result>,
): Promise<Result> {
  const config = readConfig();
  const { terminal, options } = context;
  const connection = await connect({
    config,
    terminal,
    isLocal: options.local,
    ...(options.url === undefined ? {} : { url: options.url }),
  });
  try {
    return await work(connection, config);
  } finally {
    await connection.close();
  }
}

export function withService<Result>(
  context: CommandContext,
  work: (service: Service) => Promise<Result>,
): Promise<Result> {
  return withConnection(context, (connection) => work(createService(connection, context.signal)));
}

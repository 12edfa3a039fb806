import { Command, CommanderError } from "commander";

import { AGENTS } from "./agents.ts";
import { collect, oneOf, positiveNumber, wholeNumber } from "./arguments.ts";
import { addAlertCommands } from "./command-groups/alerts.ts";
import { addDatasetCommands } from "./command-groups/dataset.ts";
import { addGpuCommands } from "./command-groups/gpu.ts";
import { addIncidentCommands } from "./command-groups/incidents.ts";
import type { CommandContext, GlobalOptions } from "./context.ts";
import { CliError, EXIT_CODES, type ExitName, exitCode } from "./exit-codes.ts";
import { createTerminal } from "./terminal.ts";
import { VERSION } from "../lib/version.ts";

/**
 * What a command's module exports: its arguments in order, then its options together with the global ones. The answer
 * names the exit status.
 */
export type Run<Args extends readonly unknown[]> = (context: CommandContext, ...args: Args) => Promise<ExitName>;

/** Parses the arguments, runs the command and answers its exit status. Modules are loaded when their command is called. */
export async function run(args: readonly string[]): Promise<number> {
  let outcome: number | undefined;
  /** `hasOwnSignals`: the command stops on signals by itself, as a server does. */
  const action =
    <Args extends readonly unknown[]>(load: () => Promise<{ run: Run<Args> }>, hasOwnSignals = false) =>
    async (...given: unknown[]): Promise<void> => {
      // Commander passes the arguments, then the options, then the command itself; the parsers above made their types.
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<GlobalOptions>();
      const values = [...given.slice(0, -2), options] as unknown as Args;
      outcome = await execute({ load, options, name: command.name(), values, hasOwnSignals });
    };
  const program = buildProgram(action);
  try {
    await program.parseAsync([...args], { from: "user" });
    return outcome ?? exitCode("ok");
  } catch (error) {
    // Commander has already said what was wrong, on stderr; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode("ok") : exitCode("usage");
    throw error;
  }
}

interface Call<Args extends readonly unknown[]> {
  readonly load: () => Promise<{ run: Run<Args> }>;
  readonly options: GlobalOptions;
  readonly name: string;
  readonly values: Args;
  readonly hasOwnSignals: boolean;
}

async function execute<Args extends readonly unknown[]>(call: Call<Args>): Promise<number> {
  const { load, options, name, values, hasOwnSignals } = call;
  const terminal = createTerminal({ isQuiet: options.quiet, canAsk: options.input });
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(exitCode("interrupted"));
    terminal.complain("interrupted; once more quits at once");
    controller.abort(new CliError("interrupted", "interrupted"));
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(new CliError("timeout", `no result within ${options.timeout} s`)),
          options.timeout * 1_000,
        );
  if (!hasOwnSignals) process.on("SIGINT", interrupt);
  try {
    const { run: runCommand } = await load();
    return exitCode(await runCommand({ terminal, options, name, signal: controller.signal }, ...values));
  } catch (error) {
    const { reason } = controller.signal;
    const failure: unknown = reason instanceof CliError ? reason : error;
    if (failure instanceof CliError) {
      terminal.complain(`${terminal.styleNote("red", "nemops:")} ${failure.message}`);
      return exitCode(failure.exit);
    }
    terminal.complain(`${terminal.styleNote("red", "nemops:")} ${describe(failure, options.verbose)}`);
    return exitCode("failure");
  } finally {
    clearTimeout(timer);
    process.off("SIGINT", interrupt);
  }
}

function describe(error: unknown, isVerbose: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return isVerbose ? (error.stack ?? error.message) : error.message;
}

export type Action = <Args extends readonly unknown[]>(
  load: () => Promise<{ run: Run<Args> }>,
  hasOwnSignals?: boolean,
) => (...given: unknown[]) => Promise<void>;

function buildProgram(action: Action): Command {
  const program = new Command("nemops")
    .description("Diagnoses NVIDIA GPU nodes and makes synthetic datasets. Without a command: the state of the node.")
    .option("-q, --quiet", "no progress on stderr", false)
    .option("-v, --verbose", "more progress on stderr", false)
    .option("--no-input", "never ask; exit 6 where an answer is needed")
    .option("--url <url>", "server to talk to (else NEMOPS_URL, else this machine, else in process)")
    .option("--local", "run in this process, without a server", false)
    .option("--timeout <seconds>", "give up after this long, exit 124", positiveNumber)
    .version(VERSION, "-V, --version", "print the version")
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ sortSubcommands: false })
    .showSuggestionAfterError();

  program
    .option("--node <id>", "node to look at; the first one when left out")
    .option("--json", "one JSON object on stdout", false);
  const showStatus = action(() => import("./commands/status.ts"));
  program.allowExcessArguments().action(async (...given: unknown[]) => {
    const [unknown] = program.args;
    if (unknown !== undefined) program.error(`error: unknown command '${unknown}'; nemops --help lists them`);
    await showStatus(...given);
  });

  program
    .command("serve")
    .description("serve the LangGraph API, MCP and the GPU routes")
    .option("--host <address>", "address to bind (HOST)")
    .option("--port <port>", "port to bind (PORT)", wholeNumber(0, 65_535))
    .option("--config <file>", "the langgraph.json to serve (NEMOPS_LANGGRAPH_JSON)")
    .action(action(() => import("./commands/serve.ts"), true));

  program
    .command("ask")
    .description("ask an agent; tool calls on stderr, the answer and its report on stdout")
    .argument("<question...>", "what to find out, or the dataset to make")
    .option("--agent <name>", `${AGENTS.join(" or ")}; that of the thread, else the first`, oneOf(...AGENTS))
    .option("-f, --file <log>", "attach the GPU lines of a log; may be given again", collect, [])
    .option("--thread <id>", "continue a thread")
    .option("--approve <mode>", "ask, never or auto", oneOf("ask", "never", "auto"), "ask")
    .option("--jsonl", "every event as a line of JSON", false)
    .action(action(() => import("./commands/ask.ts")));
  program
    .command("chat")
    .description("talk with an agent, line by line")
    .option("--agent <name>", `${AGENTS.join(" or ")}; that of the thread, else the first`, oneOf(...AGENTS))
    .option("--thread <id>", "continue a thread")
    .option("--approve <mode>", "ask, never or auto", oneOf("ask", "never", "auto"), "ask")
    .action(action(() => import("./commands/chat.ts")));

  addGpuCommands(program, action);

  program
    .command("xid")
    .description("what an XID means and what to do about it")
    .argument("<code>", "XID number", wholeNumber(0, 65_535))
    .action(action(() => import("./commands/xid.ts")));

  addIncidentCommands(program, action);
  addAlertCommands(program, action);
  addDatasetCommands(program, action);

  program
    .command("mcp")
    .description("serve the tools over MCP on stdin and stdout")
    .argument("<server>", "gpu-ops or data-designer")
    .action(action(() => import("./commands/mcp.ts"), true));
  program
    .command("doctor")
    .description("check this installation and what it talks to")
    .action(action(() => import("./commands/doctor.ts")));
  program
    .command("version")
    .description("print the version")
    .action(action(() => import("./commands/version.ts")));
  program
    .command("help")
    .description("help on a command, or `help exit-codes`")
    .argument("[topic...]")
    .action((topic: readonly string[]) => showHelp(program, topic));
  program.addHelpText("after", `\nExit codes: ${EXIT_CODES.map(({ code, name }) => `${code} ${name}`).join(", ")}`);
  return program;
}

function showHelp(program: Command, topic: readonly string[]): void {
  if (topic[0] === "exit-codes") {
    for (const { code, meaning } of EXIT_CODES) process.stdout.write(`${String(code).padStart(3)}  ${meaning}\n`);
    return;
  }
  let command = program;
  for (const name of topic) {
    const next = command.commands.find((candidate) => candidate.name() === name);
    if (next === undefined) program.error(`error: no help on '${topic.join(" ")}'`, { exitCode: exitCode("usage") });
    else command = next;
  }
  process.stdout.write(command.helpInformation());
}

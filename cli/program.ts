import { Command, CommanderError, InvalidArgumentError } from "commander";

import type { CommandContext, GlobalOptions } from "./context.ts";
import { CliError, EXIT_CODES, type ExitName, exitCode } from "./exit-codes.ts";
import { createTerminal } from "./terminal.ts";
import { VERSION } from "../lib/version.ts";

/**
 * What a command's module exports: its arguments in order, then its options together with the global ones. The answer
 * names the exit status.
 */
type Run<Args extends readonly unknown[]> = (context: CommandContext, ...args: Args) => Promise<ExitName>;

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

type Action = <Args extends readonly unknown[]>(
  load: () => Promise<{ run: Run<Args> }>,
  hasOwnSignals?: boolean,
) => (...given: unknown[]) => Promise<void>;

function buildProgram(action: Action): Command {
  const program = new Command("nemops")
    .description("Diagnoses NVIDIA GPU nodes. Without a command: the state of the node.")
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
    .description("ask the GPU agent; tool calls on stderr, the answer and its report on stdout")
    .argument("<question...>", "what to find out")
    .option("-f, --file <log>", "attach the GPU lines of a log; may be given again", collect, [])
    .option("--thread <id>", "continue a thread")
    .option("--approve <mode>", "ask, never or auto", oneOf("ask", "never", "auto"), "ask")
    .option("--jsonl", "every event as a line of JSON", false)
    .action(action(() => import("./commands/ask.ts")));
  program
    .command("chat")
    .description("talk with the GPU agent, line by line")
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
    .argument("<server>", "gpu-ops")
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

function addGpuCommands(program: Command, action: Action): void {
  const gpu = program.command("gpu").helpCommand(false).description("look at GPUs");
  gpu
    .command("list")
    .description("GPUs of a node")
    .action(action(() => import("./commands/gpu-list.ts")));
  gpu
    .command("health")
    .description("readings, findings and verdict; exit 3 when something is wrong")
    .option("--gpu <index>", "one GPU", wholeNumber(0, 4_095))
    .option("--fail-on <level>", "warning, critical or never", oneOf("warning", "critical", "never"), "warning")
    .action(action(() => import("./commands/gpu-health.ts")));
  gpu
    .command("events")
    .description("GPU records of the kernel log")
    .option("--gpu <index>", "one GPU", wholeNumber(0, 4_095))
    .option("--xid <code>", "one XID", wholeNumber(0, 65_535))
    .option("--limit <count>", "most records", wholeNumber(1, 1_000), 50)
    .action(action(() => import("./commands/gpu-events.ts")));
  gpu
    .command("diag")
    .description("run one diagnostic")
    .argument("<test>", "memory_stress, compute_stress, nvlink_check, pcie_bandwidth or thermal_profile")
    .option("--gpu <index>", "GPU", wholeNumber(0, 4_095), 0)
    .option("--mode <mode>", "quick or full", oneOf("quick", "full"), "quick")
    .option("-y, --yes", "run a full test without asking", false)
    .action(action(() => import("./commands/gpu-diag.ts")));
  gpu
    .command("triage")
    .description("diagnose recorded files, without a server")
    .option("--smi-xml <file>", "output of `nvidia-smi -q -x`")
    .option("--smi-text <file>", "output of `nvidia-smi -q`")
    .option("--kernel-log <file>", "kernel log: dmesg, syslog or journald JSON; `-` for stdin")
    .option("--metrics <file>", "dcgm-exporter metrics")
    .option("--diag-json <file>", "output of `dcgmi diag -j`")
    .action(action(() => import("./commands/gpu-triage.ts")));
}

function addIncidentCommands(program: Command, action: Action): void {
  const incidents = program.command("incidents").helpCommand(false).description("past incidents");
  incidents
    .command("search")
    .description("incidents that resemble a description")
    .argument("<query...>")
    .option("--top <count>", "most results", wholeNumber(1, 50), 3)
    .action(action(() => import("./commands/incidents-search.ts")));
  incidents
    .command("show")
    .description("one incident")
    .argument("<id>")
    .action(action(() => import("./commands/incidents-show.ts")));
  incidents
    .command("add")
    .description("store an incident from a JSON file, `-` for stdin")
    .argument("<file>")
    .action(action(() => import("./commands/incidents-add.ts")));
}

function addAlertCommands(program: Command, action: Action): void {
  const alerts = program.command("alerts").helpCommand(false).description("the alert book");
  alerts
    .command("list")
    .description("alerts, newest first")
    .option(
      "--status <status>",
      "open, acknowledged, snoozed or closed",
      oneOf("open", "acknowledged", "snoozed", "closed"),
    )
    .option("--limit <count>", "most alerts", wholeNumber(1, 1_000), 50)
    .action(action(() => import("./commands/alerts-list.ts")));
  for (const [name, description] of [
    ["ack", "acknowledge an alert: escalation stops"],
    ["snooze", "silence an alert for a while"],
    ["close", "close an alert"],
  ] as const) {
    const command = alerts
      .command(name)
      .description(description)
      .argument("<id>", "NEMOPS-…")
      .option("--by <name>", "who does it");
    if (name === "snooze") command.option("--minutes <count>", "how long", wholeNumber(1, 43_200), 60);
    if (name === "close") command.option("--reason <text>", "why");
    command.action(action(() => import("./commands/alerts-update.ts")));
  }
}

function addDatasetCommands(program: Command, action: Action): void {
  const dataset = program.command("dataset").helpCommand(false).description("synthetic datasets from a design");
  dataset
    .command("validate")
    .description("say everything that is wrong with a design; exit 1 on an error")
    .argument("<design>", "JSON or YAML file")
    .action(action(() => import("./commands/dataset-validate.ts")));
  dataset
    .command("preview")
    .description("show the first rows of a dataset")
    .argument("<design>", "JSON or YAML file")
    .option("-n, --rows <count>", "rows", wholeNumber(1, 1_000), 10)
    .option("--seed <seed>", "other rows for another seed", "0")
    .action(action(() => import("./commands/dataset-preview.ts")));
  dataset
    .command("create")
    .description("generate a dataset and print the file that was written")
    .argument("<design>", "JSON or YAML file")
    .requiredOption("-n, --rows <count>", "rows", wholeNumber(1, 100_000_000))
    .option(
      "-f, --format <format>",
      "jsonl, csv or parquet (else by the ending of -o)",
      oneOf("jsonl", "csv", "parquet"),
    )
    .option("-o, --output <file>", "<name of the design>.<format> when left out")
    .option("--seed <seed>", "other rows for another seed", "0")
    .option("--row-group-size <rows>", "rows made and kept at once", wholeNumber(1, 1_000_000), 10_000)
    .option("--workers <count>", "threads; as many as processors when left out", wholeNumber(1, 64))
    .option("--resume", "go on after an interrupted run of the same command", false)
    .option("--artifacts <folder>", "keep the row groups, metadata and profile there")
    .action(action(() => import("./commands/dataset-create.ts")));
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

function wholeNumber(min: number, max: number): (raw: string) => number {
  return (raw) => {
    const value = Number(raw);
    if (/^\d+$/.test(raw) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
  };
}

function positiveNumber(raw: string): number {
  const value = Number(raw);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("must be a number above 0.");
}

function oneOf(...allowed: readonly string[]): (raw: string) => string {
  return (raw) => {
    if (allowed.includes(raw)) return raw;
    throw new InvalidArgumentError(`must be one of ${allowed.join(", ")}.`);
  };
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

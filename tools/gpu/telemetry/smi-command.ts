import type { NodeReading, SourceProblem } from "../../../engine/gpu/reading.ts";
import { parseSmiXml } from "../../../engine/gpu/readings/smi-xml.ts";
import { parseNvlinkText } from "../../../engine/gpu/diagnostics/nvlink-text.ts";
import { errorMessage } from "../../../lib/errors.ts";
import { type CommandResult, runCommand } from "../../../lib/run-command.ts";
import { modelLimits } from "../../../engine/gpu/catalog/models.ts";

export interface SmiCommandOptions {
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Exit codes of `nvidia-smi` that name a cause; they are NVML's. Source: `nvidia-smi` manual, "Return value".
 * 15 (a GPU is lost) comes with messages about the device and needs no row.
 */
const EXIT_CODES: ReadonlyMap<number, readonly [kind: SourceProblem["kind"], text: string]> = new Map([
  [9, ["driver_not_loaded", "the NVIDIA driver is not loaded"]],
  [12, ["failed", "the NVML library could not be found or loaded"]],
  [18, ["driver_mismatch", "driver and library have different versions"]],
  [255, ["failed", "another error or internal driver error"]],
]);

/** `nvidia-smi -q -x` as a reading. Never throws: what went wrong is in `problems`, lost GPUs are in `gpus`. */
export async function readSmi(options: SmiCommandOptions): Promise<NodeReading> {
  const result = await runCommand({ ...commandOf(options), args: ["-q", "-x"] });
  const notRun = notRunProblem(options, result);
  if (notRun !== undefined) return withProblem(emptyReading(), notRun);

  const { exitCode = 0 } = result;
  // The tool prints its complaints on either stream; the parser looks for the document itself.
  const text = [result.stderr, result.stdout].filter((part) => part.trim() !== "").join("\n");
  const exit = exitProblem(options.path, exitCode, result);
  if (text === "") {
    return withProblem(emptyReading(), exit ?? { kind: "failed", message: `${options.path} -q -x printed nothing` });
  }
  try {
    const reading = { ...parseSmiXml(text), origin: "nvidia-smi" as const };
    const isExplained = reading.problems.length > 0 || reading.gpus.some((gpu) => gpu.errorText !== undefined);
    return exit === undefined || isExplained ? reading : withProblem(reading, exit);
  } catch (error) {
    return withProblem(emptyReading(), exit ?? { kind: "unreadable", message: errorMessage(error) });
  }
}

/**
 * Adds link states and error counters, which the document does not have. `nvidia-smi` numbers GPUs by position, and so
 * does the reading. A failure leaves the links absent.
 */
export async function addNvlinks(reading: NodeReading, options: SmiCommandOptions): Promise<NodeReading> {
  const hasLinks = reading.gpus.some((gpu) => gpu.name !== undefined && modelLimits(gpu.name)?.nvlinkVersion);
  if (!hasLinks) return reading;
  const [state, errors] = await Promise.all([
    runCommand({ ...commandOf(options), args: ["nvlink", "-s"] }),
    runCommand({ ...commandOf(options), args: ["nvlink", "-e"] }),
  ]);
  const links = parseNvlinkText(`${state.stdout}\n${errors.stdout}`);
  return {
    ...reading,
    gpus: reading.gpus.map((gpu) => {
      const nvlinks = gpu.isLost === true ? undefined : links.get(gpu.index);
      return nvlinks === undefined || nvlinks.length === 0 ? gpu : { ...gpu, nvlinks: [...nvlinks] };
    }),
  };
}

function commandOf({ path, timeoutMs, signal }: SmiCommandOptions) {
  return { command: path, timeoutMs, signal };
}

function notRunProblem(options: SmiCommandOptions, result: CommandResult): SourceProblem | undefined {
  const command = `${options.path} -q -x`;
  switch (result.outcome) {
    case "exited":
      return undefined;
    case "missing":
      return { kind: "missing_command", message: `${options.path} was not found; NVIDIA_SMI_PATH names it` };
    case "not_started":
      return { kind: "failed", message: `${command} could not be started: ${result.problem ?? "unknown reason"}` };
    case "timed_out":
      return {
        kind: "timed_out",
        message: `${command} did not answer in ${options.timeoutMs} ms and was killed; a GPU or its firmware may hang`,
      };
    case "aborted":
      return { kind: "failed", message: `${command} was stopped by its caller` };
  }
}

function exitProblem(path: string, exitCode: number, result: CommandResult): SourceProblem | undefined {
  if (exitCode === 0) return undefined;
  const [kind, text] = EXIT_CODES.get(exitCode) ?? ["failed", "no known cause"];
  const said = `${result.stderr}\n${result.stdout}`.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";
  const quote = said === "" || said.startsWith("<") ? "" : `: ${said}`;
  return { kind, message: `${path} -q -x ended with exit code ${exitCode} (${text})${quote}` };
}

function emptyReading(): NodeReading {
  return { origin: "nvidia-smi", isSimulated: false, gpus: [], problems: [] };
}

function withProblem(reading: NodeReading, problem: SourceProblem): NodeReading {
  return { ...reading, problems: [...reading.problems, problem] };
}

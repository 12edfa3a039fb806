import type {
  DiagnosticMode,
  DiagnosticName,
  DiagnosticOutcome,
  DiagnosticResult,
} from "../../../engine/gpu/diagnostic.ts";
import { resultFromReport } from "../../../engine/gpu/diagnostics/from-report.ts";
import { passiveCheck } from "../../../engine/gpu/diagnostics/passive.ts";
import { needsDcgm, planDcgmDiag } from "../../../engine/gpu/diagnostics/plan.ts";
import { hardFaultXids, intrusionOf, refusalReasons } from "../../../engine/gpu/diagnostics/safety.ts";
import { thresholdsFor } from "../../../engine/gpu/diagnostics/thresholds.ts";
import type { LogParse } from "../../../engine/gpu/event.ts";
import type { GpuReading, NodeReading } from "../../../engine/gpu/reading.ts";
import { type DiagReport, parseDiagJson } from "../../../engine/gpu/readings/diag-json.ts";
import type { Clock } from "../../../lib/clock.ts";
import { errorMessage, ServiceError } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import { type CommandResult, runCommand } from "../../../lib/run-command.ts";

export interface DiagnosticRunnerOptions {
  readonly nvidiaSmiPath: string;
  readonly dcgmiPath: string;
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly readNode: (signal: AbortSignal) => Promise<NodeReading>;
  readonly readEvents: (signal: AbortSignal) => Promise<LogParse>;
}

interface Request {
  readonly test: DiagnosticName;
  readonly gpu: number;
  readonly mode: DiagnosticMode;
}

interface RunOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface DiagnosticRunner {
  /** Throws ServiceError `gpu_not_found` for an unknown GPU and `source_failed` when the node cannot be read. */
  run(request: Request, options: RunOptions): Promise<DiagnosticResult>;
}

/** The GPU is looked at this often while a test runs. */
const WATCH_MS = 5_000;
/** A test is stopped this close to the temperature at which the hardware slows down. */
const ABORT_MARGIN_C = 2;

/**
 * Runs diagnostics on this machine, one at a time: `dcgmi diag` where it exists, else what `nvidia-smi` can show without
 * load. The safety rules are checked on a fresh reading before every test.
 */
export function createDiagnosticRunner(options: DiagnosticRunnerOptions): DiagnosticRunner {
  const { clock, log } = options;
  /** What is running now; set before the first wait, so two calls cannot both pass. */
  let running: Request | undefined;

  const finish = (
    request: Request,
    startedMs: number,
    outcome: DiagnosticOutcome,
    conclusion: string,
    ranAs: string,
  ) => ({
    ...request,
    outcome,
    durationSeconds: (clock.now() - startedMs) / 1000,
    details: {},
    conclusion,
    ranAs,
    isSimulated: false,
  });

  async function runChecked(request: Request, { signal, onProgress }: RunOptions): Promise<DiagnosticResult> {
    const startedMs = clock.now();
    const reading = await options.readNode(signal);
    const gpu = findGpu(reading, request.gpu);
    const events = await options.readEvents(signal);
    const reasons = refusalReasons({
      gpu,
      intrusion: intrusionOf(request.test, request.mode),
      hardFaultXids: hardFaultXids(events.events, gpu),
    });
    if (reasons.length > 0) {
      return finish(request, startedMs, "refused", `Refused: ${reasons.join("; ")}.`, "nothing");
    }
    onProgress?.(1, 3);

    if (needsDcgm(request.test, request.mode)) {
      const attempt = await runDcgm(request, gpu, startedMs, signal);
      onProgress?.(2, 3);
      if ("result" in attempt) return attempt.result;
      log.info({ test: request.test, reason: attempt.unavailable }, "dcgmi diag not available");
      const passive = passiveCheck(request.test, gpu);
      if (passive === undefined) {
        const needed = `${request.test} needs DCGM: ${attempt.unavailable}. Install DCGM, start nv-hostengine and set DCGMI_PATH.`;
        return finish(request, startedMs, "unavailable", needed, "nothing");
      }
      return {
        ...finish(request, startedMs, passive.outcome, "", passive.ranAs),
        details: passive.details,
        conclusion: `Without load, because ${attempt.unavailable}: ${passive.conclusion}.`,
      };
    }

    // Two looks, because only a counter that moves says something about now.
    await clock.sleep(WATCH_MS, signal);
    const later = findGpu(await options.readNode(signal), request.gpu);
    const passive = passiveCheck(request.test, later, gpu);
    if (passive === undefined) throw new Error(`no passive check for ${request.test}`);
    return {
      ...finish(request, startedMs, passive.outcome, `${passive.conclusion}.`, passive.ranAs),
      details: passive.details,
    };
  }

  async function runDcgm(
    request: Request,
    gpu: GpuReading,
    startedMs: number,
    signal: AbortSignal,
  ): Promise<{ result: DiagnosticResult } | { unavailable: string }> {
    const { args, timeoutMs } = planDcgmDiag(request.test, request.mode, request.gpu);
    const ranAs = [options.dcgmiPath, ...args].join(" ");
    const tooHot = new AbortController();
    const ended = new AbortController();
    const watching = watch(request.gpu, gpu, tooHot, AbortSignal.any([signal, ended.signal]));
    let command: CommandResult;
    try {
      command = await runCommand({
        command: options.dcgmiPath,
        args,
        timeoutMs,
        signal: AbortSignal.any([signal, tooHot.signal]),
        // dcgmi stops the test in its host engine before it ends; that takes a moment.
        killGraceMs: 3_000,
      });
    } finally {
      ended.abort();
      await watching;
    }

    if (command.outcome === "missing" || command.outcome === "not_started") {
      return { unavailable: `${options.dcgmiPath} could not be started (${command.problem ?? command.outcome})` };
    }
    if (command.outcome !== "exited") {
      const reason = tooHot.signal.aborted
        ? errorMessage(tooHot.signal.reason)
        : command.outcome === "timed_out"
          ? `not finished in ${timeoutMs / 1000} s`
          : "the caller stopped it";
      return { result: finish(request, startedMs, "aborted", `Stopped and killed: ${reason}.`, ranAs) };
    }
    // The output comes first: some versions end with 205 or another code after a complete report.
    const report = readReport(command.stdout);
    if (report === undefined) {
      const said = `${command.stderr}\n${command.stdout}`.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";
      return { unavailable: `dcgmi ended with exit code ${command.exitCode}${said === "" ? "" : ` (${said})`}` };
    }
    const durationSeconds = (clock.now() - startedMs) / 1000;
    return { result: resultFromReport(report, { ...request, durationSeconds, ranAs }) };
  }

  /** Stops the test when the GPU comes near its slowdown temperature or is lost. Ends when `signal` aborts. */
  async function watch(index: number, before: GpuReading, stop: AbortController, signal: AbortSignal): Promise<void> {
    const limitC = thresholdsFor(before).slowdownC;
    try {
      for (;;) {
        await clock.sleep(WATCH_MS, signal);
        const gpu = (await options.readNode(signal)).gpus.find((row) => row.index === index);
        if (gpu?.isLost === true) stop.abort(new Error(`GPU ${index} was lost during the test`));
        const { temperatureC } = gpu ?? {};
        if (limitC !== undefined && temperatureC !== undefined && temperatureC >= limitC - ABORT_MARGIN_C) {
          stop.abort(new Error(`${temperatureC} C, slowdown begins at ${limitC} C`));
        }
      }
    } catch (error) {
      // A GPU that cannot be watched must not be heated.
      if (!signal.aborted) stop.abort(new Error(`GPU ${index} cannot be watched: ${errorMessage(error)}`));
    }
  }

  return {
    async run(request, run) {
      if (running !== undefined) {
        const busy = `Refused: ${running.test} on GPU ${running.gpu} is running on this node; one test at a time.`;
        return finish(request, clock.now(), "refused", busy, "nothing");
      }
      running = request;
      try {
        return await runChecked(request, run);
      } finally {
        running = undefined;
      }
    },
  };
}

function findGpu(reading: NodeReading, index: number): GpuReading {
  const gpu = reading.gpus.find((row) => row.index === index);
  if (gpu !== undefined) return gpu;
  const [problem] = reading.problems;
  if (reading.gpus.length === 0) {
    throw new ServiceError("source_failed", `the GPUs cannot be read: ${problem?.message ?? "the source lists none"}`);
  }
  const known = reading.gpus.map((row) => row.index).join(", ");
  throw new ServiceError("gpu_not_found", `no GPU ${index}; ids are ${known}`);
}

/** Undefined when the output holds no report. */
function readReport(stdout: string): DiagReport | undefined {
  try {
    const report = parseDiagJson(stdout);
    return report.results.length === 0 && report.runtimeError === undefined ? undefined : report;
  } catch {
    // No report in the output; the caller says so with what dcgmi printed.
    return undefined;
  }
}

import { hostname } from "node:os";

import type { NodeReading, SourceProblem } from "../../../engine/gpu/reading.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import { createDiagnosticRunner } from "./diagnostic-runner.ts";
import { type KernelLog, readKernelLog } from "./kernel-log.ts";
import { addNvlinks, readSmi } from "./smi-command.ts";
import type { TelemetrySource } from "./source.ts";

export interface NvidiaSmiSourceOptions {
  readonly nvidiaSmiPath: string;
  readonly dcgmiPath: string;
  readonly commandTimeoutMs: number;
  /** `auto`, `none`, or a file. */
  readonly kernelLog: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where `auto` looks; the names on the path by default. */
  readonly journalctlPath?: string;
  readonly dmesgPath?: string;
}

/**
 * This machine through `nvidia-smi` and its kernel log. The source remembers the largest number of GPUs it has seen, so
 * that a GPU that disappears later is missed.
 */
export function createNvidiaSmiSource(options: NvidiaSmiSourceOptions): TelemetrySource {
  const { nvidiaSmiPath, commandTimeoutMs, clock, log } = options;
  const host = hostname();
  let mostGpus = 0;
  /** Problem of the last try to read the kernel log; undefined before the first. */
  let logState: { problem?: SourceProblem } | undefined;

  const requireNode = (node: string | undefined): void => {
    if (node === undefined || node === host) return;
    throw new ServiceError("node_not_found", `no node "${node}"; this source reads "${host}" only`);
  };

  const readLog = async (signal: AbortSignal): Promise<KernelLog> => {
    const kernelLog = await readKernelLog({
      from: options.kernelLog,
      timeoutMs: commandTimeoutMs,
      signal,
      journalctlPath: options.journalctlPath,
      dmesgPath: options.dmesgPath,
    });
    if (kernelLog.problem !== undefined && logState?.problem === undefined) {
      log.warn({ reason: kernelLog.problem.message }, "kernel log not readable");
    }
    logState = { problem: kernelLog.problem };
    return kernelLog;
  };

  const readNode = async (signal: AbortSignal): Promise<NodeReading> => {
    const smi = { path: nvidiaSmiPath, timeoutMs: commandTimeoutMs, signal };
    const [first] = await Promise.all([readSmi(smi), logState === undefined ? readLog(signal) : undefined]);
    const reading = await addNvlinks(first, smi);
    mostGpus = Math.max(mostGpus, reading.attachedGpus ?? 0, reading.gpus.length);
    return {
      ...reading,
      hostname: host,
      collectedAtMs: clock.now(),
      ...(mostGpus === 0 ? {} : { expectedGpus: mostGpus }),
      problems: [...reading.problems, ...(logState?.problem === undefined ? [] : [logState.problem])],
    };
  };

  const diagnostics = createDiagnosticRunner({
    nvidiaSmiPath,
    dcgmiPath: options.dcgmiPath,
    commandTimeoutMs,
    clock,
    log,
    readNode,
    readEvents: async (signal) => (await readLog(signal)).parse,
  });

  return {
    origin: "nvidia-smi",
    isSimulated: false,
    describe: () => `this machine (${host}) through ${nvidiaSmiPath}, kernel log: ${options.kernelLog}`,
    async listNodes() {
      return [{ id: host, hostname: host }];
    },
    async readNode({ node, signal }) {
      requireNode(node);
      return readNode(signal);
    },
    async readEvents({ node, signal }) {
      requireNode(node);
      return (await readLog(signal)).parse;
    },
    async runDiagnostic({ node, ...request }, run) {
      requireNode(node);
      return diagnostics.run(request, run);
    },
    async close() {
      // Commands end with the calls that started them.
    },
  };
}

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";

import type { LogParse } from "../../engine/gpu/event.ts";
import { createLogParser } from "../../engine/gpu/log/parse-log.ts";
import { type TriageInput, triage } from "../../engine/gpu/triage.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { toAssessmentWire } from "../../tools/gpu/wire.ts";
import { HEAD_BYTES, refuseBinary } from "../binary-file.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { assessmentText } from "../report-text.ts";
import { table } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { triageJson } from "../triage-json.ts";

interface Options extends GlobalOptions {
  readonly smiXml?: string;
  readonly smiText?: string;
  readonly kernelLog?: string;
  readonly metrics?: string;
  readonly diagJson?: string;
}

/** A report of any length a driver writes; a kernel log is read as a stream and may be larger. */
const MAX_REPORT_BYTES = 64 * 1_024 * 1_024;

/**
 * Diagnoses files. Whatever the verdict, a readable input exits 0; an unreadable one exits 2 with the reason on stderr and
 * nothing on stdout.
 */
export async function run({ terminal, signal }: CommandContext, options: Options): Promise<ExitName> {
  const { smiXml, smiText, kernelLog, metrics, diagJson } = options;
  const files = [smiXml, smiText, kernelLog, metrics, diagJson].filter((file) => file !== undefined);
  if (files.length === 0) {
    throw new CliError("usage", "give at least one of --smi-xml, --smi-text, --kernel-log, --metrics, --diag-json");
  }
  const log = kernelLog === undefined ? undefined : await readLog(kernelLog, signal);
  const input: TriageInput = {
    ...(smiXml === undefined ? {} : { smiXml: await readReport(smiXml) }),
    ...(smiText === undefined ? {} : { smiText: await readReport(smiText) }),
    ...(metrics === undefined ? {} : { metrics: await readReport(metrics) }),
    ...(diagJson === undefined ? {} : { diagJson: await readReport(diagJson) }),
    ...(log === undefined ? {} : { log }),
  };
  const result = assessFiles(input);
  if (options.json) terminal.out(JSON.stringify(triageJson(result, log?.events ?? []), null, 2));
  else terminal.out(triageText(result, terminal));
  return "ok";
}

function assessFiles(input: TriageInput): ReturnType<typeof triage> {
  try {
    return triage(input);
  } catch (error) {
    if (error instanceof ServiceError && error.code === "unreadable_input") {
      throw new CliError("usage", error.message, { cause: error });
    }
    throw error;
  }
}

async function readReport(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_REPORT_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_REPORT_BYTES}`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError("usage", `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

async function readLog(file: string, signal: AbortSignal): Promise<LogParse> {
  const parser = createLogParser();
  let head: Buffer = Buffer.alloc(0);
  try {
    const chunks = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1_024, signal });
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES)]);
      parser.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError("usage", `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
  const parsed = parser.end();
  refuseBinary(file, head, parsed);
  return parsed;
}

function triageText({ assessment, reading, skippedLines }: ReturnType<typeof triage>, terminal: Terminal): string {
  const parts = [assessmentText(toAssessmentWire(assessment), terminal)];
  if (reading.gpus.length > 0) {
    parts.push(
      table(
        reading.gpus,
        [
          { title: "gpu", value: (gpu) => gpu.index, align: "right" },
          { title: "pci", value: (gpu) => gpu.pci },
          { title: "name", value: (gpu) => gpu.name },
          { title: "temp", value: (gpu) => (gpu.temperatureC === undefined ? null : `${gpu.temperatureC} C`) },
          { title: "uuid", value: (gpu) => gpu.uuid },
        ],
        terminal.columns,
      ),
    );
  }
  if (skippedLines > 0) parts.push(`${skippedLines} lines looked like GPU records and could not be read`);
  return parts.join("\n\n");
}

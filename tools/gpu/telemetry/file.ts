import { readFile, stat } from "node:fs/promises";

import type { DiagnosticResult } from "../../../engine/gpu/diagnostic.ts";
import { resultFromReport } from "../../../engine/gpu/diagnostics/from-report.ts";
import { type NodeReading, type SourceProblem } from "../../../engine/gpu/reading.ts";
import { type DiagReport, parseDiagJson } from "../../../engine/gpu/readings/diag-json.ts";
import { mergeReadings } from "../../../engine/gpu/readings/merge.ts";
import { parseMetrics } from "../../../engine/gpu/readings/metrics.ts";
import { parseSmiText } from "../../../engine/gpu/readings/smi-text.ts";
import { parseSmiXml } from "../../../engine/gpu/readings/smi-xml.ts";
import { parseLog } from "../../../engine/gpu/log/parse-log.ts";
import { errorMessage, ServiceError } from "../../../lib/errors.ts";
import { readLogFile } from "./kernel-log.ts";
import type { TelemetrySource } from "./source.ts";

export interface RecordedFiles {
  readonly smiXml?: string;
  readonly smiText?: string;
  readonly metrics?: string;
  readonly kernelLog?: string;
  readonly diagJson?: string;
}

/** Id of the one node that the files describe, until a file names its host. */
const NODE_ID = "recorded";
/** The dump of a sixteen-GPU node has about 1 MB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Recorded files of one node, read anew on each call so that a file that is being replaced shows its new state. A file that
 * is missing or cannot be read is a problem of the reading that names it; the other files still count.
 */
export function createFileSource(files: RecordedFiles): TelemetrySource {
  const requireNode = (node: string | undefined): void => {
    if (node === undefined || node === NODE_ID) return;
    throw new ServiceError("node_not_found", `no node "${node}"; the files are of one node, "${NODE_ID}"`);
  };
  const readReport = async (): Promise<DiagReport | undefined> =>
    files.diagJson === undefined ? undefined : parseDiagJson(await readBounded(files.diagJson));

  return {
    origin: "file",
    isSimulated: false,
    describe() {
      const names = Object.values(files).filter((file) => file !== undefined);
      return `recorded files: ${names.join(", ")}`;
    },
    async listNodes() {
      return [{ id: NODE_ID, hostname: NODE_ID }];
    },
    async readNode({ node, signal }) {
      requireNode(node);
      const parts = await Promise.all([
        readPart(files.smiXml, parseSmiXml),
        readPart(files.smiText, parseSmiText),
        readPart(files.metrics, parseMetrics),
        checkKernelLog(files.kernelLog),
      ]);
      signal.throwIfAborted();
      return { ...mergeReadings(parts.filter((part) => part !== undefined)), origin: "file" };
    },
    async readEvents({ node }) {
      requireNode(node);
      return files.kernelLog === undefined ? parseLog("") : (await readLogFile(files.kernelLog)).parse;
    },
    async readDiagReport({ node }) {
      requireNode(node);
      return readReport();
    },
    async runDiagnostic({ node, test, gpu, mode }): Promise<DiagnosticResult> {
      requireNode(node);
      const report = await readReport();
      const ranAs = files.diagJson === undefined ? "nothing" : `recorded in ${files.diagJson}`;
      if (report !== undefined) return resultFromReport(report, { test, gpu, mode, durationSeconds: 0, ranAs });
      return {
        test,
        gpu,
        mode,
        outcome: "unavailable",
        durationSeconds: 0,
        details: {},
        conclusion:
          "Nothing can be run on recorded files; GPU_FILE_DIAG_JSON may name the recorded output of `dcgmi diag -j`.",
        ranAs,
        isSimulated: false,
      };
    },
    async close() {
      // Nothing is held.
    },
  };
}

async function readPart(
  file: string | undefined,
  parse: (text: string) => NodeReading,
): Promise<NodeReading | undefined> {
  if (file === undefined) return undefined;
  try {
    return parse(await readBounded(file));
  } catch (error) {
    return problemOnly({ kind: "unreadable", message: `${file}: ${errorMessage(error)}` });
  }
}

async function checkKernelLog(file: string | undefined): Promise<NodeReading | undefined> {
  if (file === undefined) return undefined;
  try {
    if ((await stat(file)).isFile()) return undefined;
    return problemOnly({ kind: "unreadable", message: `${file}: not a file` });
  } catch (error) {
    return problemOnly({ kind: "unreadable", message: `${file}: ${errorMessage(error)}` });
  }
}

function problemOnly(problem: SourceProblem): NodeReading {
  return { origin: "file", isSimulated: false, gpus: [], problems: [problem] };
}

/** Throws ServiceError `unreadable_input` for a missing file or one that is too large to be a recording. */
async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes, at most ${MAX_FILE_BYTES} are read`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw new ServiceError("unreadable_input", errorMessage(error), { cause: error });
  }
}

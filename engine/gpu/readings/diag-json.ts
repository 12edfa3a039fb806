import { z } from "zod";

import { ServiceError } from "../../../lib/errors.ts";

/** `not_run` also stands for a test the tool left out without saying why. */
export const DiagStatus = z.enum(["pass", "fail", "warn", "skip", "not_run"]);
export type DiagStatus = z.infer<typeof DiagStatus>;

export const DiagWarning = z.object({
  message: z.string(),
  /** DCGM error code (`DCGM_FR_*`). */
  errorId: z.number().optional(),
  /** 9 thermal, 10 memory, 11 NVLink, 12 NVSwitch, 13 PCIe, 14 power. */
  category: z.number().optional(),
  /** 1 monitor, 2 isolate, 4 triage, 5 configuration, 6 reset. */
  severity: z.number().optional(),
});
export type DiagWarning = z.infer<typeof DiagWarning>;

/** One result of one test. A result that covers several GPUs becomes one row per GPU. */
export const DiagResult = z.object({
  test: z.string(),
  category: z.string().optional(),
  /** Absent when the result is about the node, a CPU or a switch. */
  gpu: z.number().int().optional(),
  /** `GPU`, `CPU`, `Switch`, as printed; absent in the older form. */
  entityGroup: z.string().optional(),
  status: DiagStatus,
  warnings: z.array(DiagWarning),
  info: z.array(z.string()),
});
export type DiagResult = z.infer<typeof DiagResult>;

/** What `dcgmi diag -j` answered. */
export const DiagReport = z.object({
  dcgmVersion: z.string().optional(),
  driverVersion: z.string().optional(),
  results: z.array(DiagResult),
  /** The run as a whole failed; results may then be missing. */
  runtimeError: z.string().optional(),
});
export type DiagReport = z.infer<typeof DiagReport>;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of `dcgmi diag -j`: DCGM 3 (`DCGM GPU Diagnostic`, GPU ids as text), DCGM 4 (`DCGM Diagnostic`, entity
 * numbers) and the mixtures of both that real versions print. Lines before the first `{` and after the last `}` are
 * ignored, null entries are skipped. Empty input is a report without results.
 * Throws `unreadable_input` when no such document is in the text.
 * Source: DCGM, nvvs JsonOutput and the deserialisation test of its diag response.
 */
export function parseDiagJson(text: string): DiagReport {
  if (text.trim() === "") return { results: [] };
  const root = asObject(parseDocument(text));
  const body = asObject(root?.["DCGM Diagnostic"] ?? root?.["DCGM GPU Diagnostic"] ?? root);
  const hasBody = body !== undefined && ["test_categories", "tests", "runtime_error"].some((key) => key in body);
  if (root === undefined || body === undefined || !hasBody) {
    throw new ServiceError("unreadable_input", "diag JSON: no DCGM diagnostic result in the document");
  }
  const metadata = asObject(root["metadata"]);
  const runtimeError = textOf(body["runtime_error"]);
  return {
    ...optional("dcgmVersion", textOf(body["version"]) ?? textOf(metadata?.["version"])),
    ...optional(
      "driverVersion",
      textOf(body["driver_version_detected"]) ??
        textOf(body["driver_version"]) ??
        textOf(metadata?.["driver_version"]) ??
        textOf(metadata?.["Driver Version Detected"]),
    ),
    ...optional("runtimeError", runtimeError),
    results: [...readTests(body["tests"], undefined), ...readCategories(body["test_categories"])],
  };
}

function parseDocument(text: string): unknown {
  const start = text.indexOf("{");
  const end = text.lastIndexOf("}");
  if (start === -1 || end < start) throw new ServiceError("unreadable_input", "diag JSON: no JSON object in the text");
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch (error) {
    const line = text.slice(0, start).split("\n").length;
    throw new ServiceError(
      "unreadable_input",
      `diag JSON: the object that begins at line ${line} is not valid JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function readCategories(value: unknown): DiagResult[] {
  return listOf(value).flatMap((entry) => readTests(entry["tests"], textOf(entry["category"])));
}

function readTests(value: unknown, category: string | undefined): DiagResult[] {
  return listOf(value).flatMap((test) => {
    const name = textOf(test["name"]) ?? "unnamed test";
    const rows = listOf(test["results"]).flatMap((result) => readResult(name, category, result));
    if (rows.length > 0) return rows;
    // A test without results still has a summary when it was skipped for the whole node.
    const summary = asObject(test["test_summary"]) ?? (test["status"] === undefined ? undefined : test);
    return summary === undefined ? [] : readResult(name, category, summary);
  });
}

function readResult(test: string, category: string | undefined, result: Json): DiagResult[] {
  const entityGroup = textOf(result["entity_group"]);
  const row = {
    test,
    ...optional("category", category),
    ...optional("entityGroup", entityGroup),
    status: statusOf(result["status"]),
    warnings: warningsOf(result["warnings"]),
    info: textsOf(result["info"]),
  };
  const isAboutGpu = entityGroup === undefined || entityGroup.toUpperCase() === "GPU";
  const all = isAboutGpu ? gpuIdsOf(result["entity_id"] ?? result["gpu_ids"] ?? result["gpu_id"]) : [];
  const gpus = row.status === "pass" ? all : namedGpus(all, row.warnings);
  return gpus.length === 0 ? [row] : gpus.map((gpu) => ({ ...row, gpu }));
}

/**
 * The software tests give one result for all GPUs together and name the bad ones in the warnings only. Those are then the
 * result's GPUs; nothing is said of the others. Without a name it is about all of them.
 */
function namedGpus(all: readonly number[], warnings: readonly DiagWarning[]): readonly number[] {
  if (all.length < 2) return all;
  const named = warnings.flatMap(({ message }) =>
    [...message.matchAll(/\bGPU (\d{1,4})\b/g)].map((match) => Number(match[1])),
  );
  const known = all.filter((gpu) => named.includes(gpu));
  return known.length === 0 ? all : known;
}

/** A number, or text with one or more numbers: `3`, `"3"`, `"0,1,2"`. */
function gpuIdsOf(value: unknown): number[] {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? [value] : [];
  if (typeof value !== "string") return [];
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => /^\d{1,4}$/.test(part))
    .map(Number);
}

function statusOf(value: unknown): DiagStatus {
  const text = typeof value === "string" ? value.toLowerCase().replaceAll(/[^a-z]/g, "") : "";
  if (text.startsWith("pass")) return "pass";
  if (text.startsWith("fail")) return "fail";
  if (text.startsWith("warn")) return "warn";
  if (text.startsWith("skip")) return "skip";
  return "not_run";
}

/** Warnings are texts in DCGM 3 (one or a list) and objects in DCGM 4. */
function warningsOf(value: unknown): DiagWarning[] {
  const entries = Array.isArray(value) ? value : [value];
  return entries.flatMap((entry): DiagWarning[] => {
    if (typeof entry === "string") return entry.trim() === "" ? [] : [{ message: entry.trim() }];
    const warning = asObject(entry);
    if (warning === undefined) return [];
    const id = asObject(warning["error_id"])?.["code"] ?? warning["error_id"];
    return [
      {
        message: textOf(warning["warning"]) ?? textOf(warning["message"]) ?? "no text",
        ...optional("errorId", numberOf(id)),
        ...optional("category", numberOf(warning["error_category"])),
        ...optional("severity", numberOf(warning["error_severity"])),
      },
    ];
  });
}

function textsOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : [value];
  return entries.filter((entry): entry is string => typeof entry === "string" && entry.trim() !== "");
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(asObject).filter((entry) => entry !== undefined) : [];
}

function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "string" && /^\d+$/.test(value)) return Number(value);
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { [name in Key]?: Value } {
  // A computed key widens to string; the single key is the one named.
  return (value === undefined ? {} : { [key]: value }) as { [name in Key]?: Value };
}

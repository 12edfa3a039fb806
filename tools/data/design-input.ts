import { createHash } from "node:crypto";

import type { ColumnPlan } from "../../engine/data/design/column-plan.ts";
import type { Design } from "../../engine/data/design/design.ts";
import { parseDesign } from "../../engine/data/design/parse-design.ts";
import { planColumns } from "../../engine/data/design/plan.ts";
import { validateDesign } from "../../engine/data/design/validate.ts";
import { type Violation, hasErrors, shownName } from "../../engine/data/design/violation.ts";
import { selectSeedRows } from "../../engine/data/seed-rows.ts";
import { compileCells } from "../../engine/data/table-rows.ts";
import type { Table } from "../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../lib/errors.ts";
import { readSeedRows } from "./read-seed.ts";

/** A config that can be generated from, with everything that takes. */
export interface DesignInput {
  readonly design: Design;
  readonly plan: ColumnPlan;
  /** The seed dataset, for a design that has one. */
  readonly seedRows?: Table;
  /** Warnings only. */
  readonly violations: readonly Violation[];
}

export interface ReadDesignOptions {
  readonly config: unknown;
  /** Seed files must lie in it. */
  readonly seedFolder: string;
  /** What else is wrong with a design whose shape is right, for example models that nobody serves. */
  readonly check?: (design: Design) => readonly Violation[];
}

/**
 * Reads a config as its author wrote it: an object, or JSON or YAML text. Throws `invalid_input` whose
 * `data.violations` lists everything that is wrong, also for a seed source that is no local file, and what
 * `readSeedRows` throws, save that a missing seed file is `invalid_input`: it is the config that is wrong.
 */
export async function readDesignInput({ config, seedFolder, check }: ReadDesignOptions): Promise<DesignInput> {
  const { design, violations } = parseDesign(config);
  if (design === undefined) throw invalidDesign(violations);
  const seedRows = await readSeed(design, seedFolder);
  const seeds = seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] };
  const found = [...validateDesign(design, seeds), ...(check?.(design) ?? [])];
  if (hasErrors(found)) throw invalidDesign(found);
  if (seedRows !== undefined) selectSeedRows(design.seed_config?.selection_strategy ?? null, seedRows.rowCount);
  return {
    design,
    plan: planColumns(design, seeds),
    violations: found,
    ...(seedRows === undefined ? {} : { seedRows }),
  };
}

const MAX_TOLD = 3;
/** Of a design that is wrong in thousands of places; `data.violations` has them all. */
const MAX_PROBLEMS = 100;

function invalidDesign(violations: readonly Violation[]): ServiceError {
  const errors = violations.filter(({ level }) => level === "error");
  const told = errors
    .slice(0, MAX_TOLD)
    .map(({ column, message }) => (column === null ? "" : `"${shownName(column)}": `) + message);
  const more = errors.length > MAX_TOLD ? [`and ${errors.length - MAX_TOLD} more errors`] : [];
  return new ServiceError("invalid_input", `the design cannot be generated: ${[...told, ...more].join("; ")}`, {
    data: { violations },
    problems: errors.slice(0, MAX_PROBLEMS).map(({ column, message }) => ({
      field: column === null ? "config" : `config.columns.${shownName(column)}`,
      message,
    })),
  });
}

async function readSeed({ seed_config: config }: Design, allowedFolder: string): Promise<Table | undefined> {
  if (config === null) return undefined;
  const { source } = config;
  if (source.seed_type === "local") return readSeedFile(source.path, allowedFolder);
  const message = `seed source "${source.seed_type}": the built-in engine reads "local" csv, json, jsonl and parquet files of ${allowedFolder}`;
  throw new ServiceError("invalid_input", message, {
    problems: [{ field: "config.seed_config.source.seed_type", message }],
  });
}

/** The rows of a seed file as jobs read them. Throws what `readSeedRows` throws, and `invalid_input` when it is missing. */
export async function readSeedFile(file: string, allowedFolder: string): Promise<Table> {
  try {
    return await readSeedRows({ file, allowedFolder });
  } catch (error) {
    const isFolderMissing = (error as { code?: unknown }).code === "ENOENT";
    if (!isFolderMissing && !(error instanceof ServiceError && error.code === "not_found")) throw error;
    const message = isFolderMissing
      ? `seed file ${file}: the folder ${allowedFolder} does not exist; create it and put the file there`
      : errorMessage(error);
    throw new ServiceError("invalid_input", message, { cause: error });
  }
}

/**
 * SHA-256 over names and values, 64 hex digits: tells whether a seed dataset is still what it was. The order of columns
 * and rows counts.
 */
export function hashTable({ columns, rowCount }: Table): string {
  const hash = createHash("sha256");
  for (const [name, column] of columns) {
    hash.update(`${JSON.stringify(name)}\n`);
    const cell = compileCells(column);
    for (let row = 0; row < rowCount; row += 1) hash.update(`${JSON.stringify(cell(row))}\n`);
  }
  return hash.digest("hex");
}

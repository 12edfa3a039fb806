import { readFile, stat } from "node:fs/promises";
import path from "node:path";

import type { Design } from "../engine/data/design/design.ts";
import { parseDesign } from "../engine/data/design/parse-design.ts";
import { validateDesign } from "../engine/data/design/validate.ts";
import type { Violation } from "../engine/data/design/violation.ts";
import { hasErrors } from "../engine/data/design/violation.ts";
import type { Table } from "../engine/data/table.ts";
import { errorMessage } from "../lib/errors.ts";
import { readSeedRows } from "../tools/data/read-seed.ts";
import { CliError } from "./exit-codes.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";

const MAX_DESIGN_BYTES = 16 * 1_024 * 1_024;

export interface LoadedDesign {
  /** Name of the file without its ending. */
  readonly name: string;
  /** Undefined when the file holds nothing that can be read as a design. */
  readonly design: Design | undefined;
  readonly violations: readonly Violation[];
  readonly seedRows?: Table;
}

/**
 * Reads a design and, when it names a local one, its seed dataset, which must lie in the design's own folder. A design
 * that is wrong is no failure here: `violations` says what is wrong.
 */
export async function loadDesign(file: string): Promise<LoadedDesign> {
  const text = await readDesignFile(file);
  const name = path.basename(file).replace(/\.(?:json|ya?ml)$/i, "");
  const { design, violations } = parseDesign(text);
  if (design === undefined) return { name, design, violations };
  const seedRows = await readSeed(design, path.dirname(path.resolve(file)));
  const options = seedRows === undefined ? {} : { seedColumns: [...seedRows.columns.keys()] };
  const found = violations.length > 0 ? violations : validateDesign(design, options);
  return { name, design, violations: found, ...(seedRows === undefined ? {} : { seedRows }) };
}

/** The design when it can be run; else shows what is wrong with it and ends the command with exit code 1. */
export async function loadRunnableDesign(
  file: string,
  terminal: Terminal,
): Promise<LoadedDesign & { readonly design: Design }> {
  const loaded = await loadDesign(file);
  const { design, violations } = loaded;
  if (violations.length > 0) terminal.complain(violationTable(violations, terminal));
  if (design === undefined || hasErrors(violations)) throw new CliError("failure", `${file} cannot be run as it is`);
  return { ...loaded, design };
}

export function violationTable(violations: readonly Violation[], terminal: Terminal): string {
  return table(
    violations,
    [
      { title: "level", value: (violation) => violation.level },
      { title: "column", value: (violation) => violation.column },
      { title: "problem", value: (violation) => violation.type },
      // Messages say what would be right: they are never cut.
      { title: "message", value: (violation) => violation.message },
    ],
    terminal.isOutTty ? Math.max(terminal.columns, 200) : Number.MAX_SAFE_INTEGER,
  );
}

async function readDesignFile(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_DESIGN_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_DESIGN_BYTES}`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError("usage", `cannot read ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

async function readSeed({ seed_config: config }: Design, allowedFolder: string): Promise<Table | undefined> {
  if (config === null) return undefined;
  if (config.source.seed_type !== "local") {
    const type = config.source.seed_type;
    throw new CliError("usage", `seed source "${type}" is not read here; use "local" with a csv, json or jsonl file`);
  }
  try {
    return await readSeedRows({ file: config.source.path, allowedFolder });
  } catch (error) {
    throw new CliError("usage", errorMessage(error), { cause: error });
  }
}

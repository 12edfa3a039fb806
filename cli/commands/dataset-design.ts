import { writeFile } from "node:fs/promises";
import path from "node:path";

import { stringify } from "yaml";

import { designFromBrief } from "../../engine/data/brief/design-from-brief.ts";
import { systemClock } from "../../lib/clock.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { CommandContext, GlobalOptions } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly output?: string;
}

/** Turns a brief into a design file: YAML on stdout, or in the file named, JSON when its name ends so. Asks no model. */
export async function run(context: CommandContext, words: readonly string[], options: Options): Promise<ExitName> {
  const { terminal } = context;
  const brief = words.join(" ").trim();
  if (brief === "") throw new CliError("usage", "the brief is empty; say what the dataset is to hold");
  const today = new Date(systemClock.now()).toISOString().slice(0, 10);
  const result = designFromBrief(brief, { today });
  if (result.kind === "question") throw new CliError("usage", result.question);
  const { draft, assumptions, notUnderstood, formats } = result;
  if (options.output !== undefined) await write(options.output, draft.config);
  if (options.json) {
    const facts = { num_records: draft.num_records, seed: draft.seed, formats, assumptions };
    terminal.out(
      jsonText("dataset_design", { name: draft.name, design: draft.config, ...facts, not_understood: notUnderstood }),
    );
  } else terminal.out(options.output ?? stringify(draft.config, { lineWidth: 120 }).trimEnd());
  for (const assumption of assumptions) terminal.note(`assumed: ${assumption}`);
  for (const text of notUnderstood) terminal.complain(`not understood: ${text}`);
  if (options.output !== undefined) {
    const rows = draft.num_records ?? 100;
    terminal.note(`nemops dataset create ${options.output} -n ${rows} makes the dataset`);
  }
  return "ok";
}

async function write(file: string, config: unknown): Promise<void> {
  const isJson = path.extname(file).toLowerCase() === ".json";
  const text = isJson ? `${JSON.stringify(config, null, 2)}\n` : stringify(config, { lineWidth: 120 });
  try {
    await writeFile(file, text);
  } catch (error) {
    throw new CliError("usage", `cannot write ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

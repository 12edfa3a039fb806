import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { errorMessage } from "../../lib/errors.ts";
import { type CommandContext, withService } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";

/** The incident's fields are checked where it is stored, so that the CLI and the API refuse the same things. */
export async function run(context: CommandContext, file: string): Promise<ExitName> {
  const { terminal, options } = context;
  const incident = await readIncident(file);
  const stored = await withService(context, (service) => service.addIncident(incident));
  if (options.json) terminal.out(jsonText("incident", { incident: stored }));
  else terminal.out(`stored ${String(stored["id"])}`);
  return "ok";
}

async function readIncident(file: string): Promise<unknown> {
  try {
    return JSON.parse(file === "-" ? await text(process.stdin) : await readFile(file, "utf8"));
  } catch (error) {
    throw new CliError("usage", `${file === "-" ? "stdin" : file}: ${errorMessage(error)}`, { cause: error });
  }
}

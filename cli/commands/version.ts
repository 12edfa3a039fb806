import type { CommandContext } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";
import { VERSION } from "../../lib/version.ts";

export async function run({ terminal, options }: CommandContext): Promise<ExitName> {
  const version = VERSION;
  terminal.out(options.json ? jsonText("version", { version, node: process.versions.node }) : version);
  return "ok";
}

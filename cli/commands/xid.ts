import { lookupXid } from "../../engine/gpu/catalog/xid.ts";
import type { CommandContext } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";

/** Reads the catalogue that ships with the package; no server is needed. */
export async function run({ terminal, options }: CommandContext, code: number): Promise<ExitName> {
  const entry = lookupXid(code);
  const isKnown = entry.status !== "unknown";
  if (options.json) {
    terminal.out(
      jsonText("xid", {
        xid: entry.code,
        known: isKnown,
        mnemonic: entry.mnemonic ?? null,
        meaning: entry.meaning,
        component: entry.component,
        severity: entry.severity,
        action: entry.action,
        immediate: entry.immediate,
        investigate: entry.investigate,
        generations: entry.generations,
        is_stateful: entry.isStateful,
        source: entry.source,
      }),
    );
    return "ok";
  }
  const name = entry.mnemonic === undefined ? "" : `  ${entry.mnemonic}`;
  terminal.out(`${terminal.style("bold", `XID ${code}`)}${name}`);
  terminal.out(entry.meaning);
  const rows: readonly (readonly [string, string])[] = [
    ["component", entry.component],
    ["severity", entry.severity],
    ["do first", entry.action],
    ["NVIDIA says", [entry.immediate, entry.investigate].filter(Boolean).join("; then ")],
    ["generations", entry.generations.join(", ")],
    ["source", entry.source],
  ];
  for (const [label, value] of rows) if (value !== "") terminal.out(`  ${label.padEnd(12)} ${value}`);
  if (entry.isStateful)
    terminal.out("  What to do depends on repetition and on other events; `gpu triage` reads a whole log.");
  if (!isKnown)
    terminal.out("  This code is in no edition of the catalogue; it is reported as it stands and never acted upon.");
  return "ok";
}

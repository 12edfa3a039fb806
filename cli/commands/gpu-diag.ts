import { askYesNo } from "../ask-person.ts";
import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { simulatedNote } from "../report-text.ts";
import { jsonText, printable } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly gpu: number;
  readonly mode: "quick" | "full";
  readonly yes: boolean;
}

/** A full test loads the GPU for minutes, so somebody has to want it. A failed test is an unhealthy GPU. */
export async function run(context: CommandContext, test: string, options: Options): Promise<ExitName> {
  const { terminal, signal } = context;
  const { gpu, mode, node, json } = options;
  if (mode === "full" && !options.yes) {
    if (!terminal.canAsk) throw new CliError("approval_needed", "a full test needs a yes: give --yes");
    const question = `Run the full ${printable(test)} on GPU ${gpu}? It loads the GPU for minutes.`;
    if (!(await askYesNo(terminal, question, signal))) throw new CliError("rejected", "not run");
  }
  terminal.note(`running ${printable(test)} on GPU ${gpu} (${mode})…`);
  const result = await withService(context, (service) => service.diagnose({ node, gpu, test, mode }));
  if (json) terminal.out(jsonText("gpu_diagnostic", result));
  else {
    terminal.out(
      `${test} on GPU ${result.gpu_id}: ${terminal.style(colourOf(result.outcome), result.outcome)} (${result.mode}, ${result.duration_seconds} s)`,
    );
    terminal.out(printable(result.conclusion));
    for (const [key, value] of Object.entries(result.details)) {
      terminal.out(`  ${key.padEnd(26)} ${detailText(value)}`);
    }
    simulatedNote(terminal, result.simulated);
  }
  return result.outcome === "fail" ? "unhealthy" : "ok";
}

function detailText(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

function colourOf(outcome: string): "green" | "red" | "yellow" {
  if (outcome === "pass") return "green";
  return outcome === "fail" || outcome === "aborted" ? "red" : "yellow";
}

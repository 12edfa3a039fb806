import { type CommandContext, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { jsonText, printable } from "../terminal.ts";

export async function run(context: CommandContext, id: string): Promise<ExitName> {
  const { terminal, options } = context;
  const incident = await withService(context, (service) => service.incident(id));
  if (options.json) {
    terminal.out(jsonText("incident", { incident }));
    return "ok";
  }
  for (const [key, value] of Object.entries(incident)) {
    const title = key.replaceAll("_", " ");
    if (key === "remediation" && Array.isArray(value)) {
      terminal.out(terminal.style("bold", title));
      value.forEach((step, at) => terminal.out(`  ${at + 1}. ${printable(String(step))}`));
    } else {
      const text = Array.isArray(value) ? value.join(", ") : String(value);
      terminal.out(`${terminal.style("bold", title.padEnd(11))} ${printable(text)}`);
    }
  }
  return "ok";
}

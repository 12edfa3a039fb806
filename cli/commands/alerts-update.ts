import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { jsonText, printable } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly by?: string;
  readonly minutes?: number;
  readonly reason?: string;
}

/** `ack`, `snooze` and `close`; the word on the command line is the short form of the route's. */
export async function run(context: CommandContext, id: string, options: Options): Promise<ExitName> {
  const { terminal, name } = context;
  const { by, minutes, reason, json } = options;
  const action = name === "ack" ? "acknowledge" : name;
  const { alert } = await withService(context, (service) => service.updateAlert(id, action, { by, minutes, reason }));
  if (json) terminal.out(jsonText("alert", { alert }));
  else terminal.out(`${alert.alert_id} ${alert.status}: ${printable(alert.title)}`);
  return "ok";
}

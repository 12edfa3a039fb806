import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly status?: string;
  readonly limit: number;
}

export async function run(context: CommandContext, { status, limit, json }: Options): Promise<ExitName> {
  const { terminal } = context;
  const answer = await withService(context, (service) => service.alerts({ status, limit }));
  if (json) {
    terminal.out(jsonText("alert_list", answer));
    return "ok";
  }
  if (answer.alerts.length === 0) {
    terminal.out("no alerts");
    return "ok";
  }
  terminal.out(
    table(
      answer.alerts,
      [
        { title: "id", value: (alert) => alert.alert_id },
        { title: "pri", value: (alert) => alert.priority },
        { title: "status", value: (alert) => alert.status },
        { title: "count", value: (alert) => alert.count, align: "right" },
        { title: "node", value: (alert) => alert.node },
        { title: "gpu", value: (alert) => alert.gpu, align: "right" },
        { title: "last seen", value: (alert) => alert.last_seen },
        { title: "title", value: (alert) => alert.title },
      ],
      terminal.columns,
    ),
  );
  const left = answer.total - answer.alerts.length;
  if (left > 0) terminal.note(`${left} more: raise --limit`);
  return "ok";
}

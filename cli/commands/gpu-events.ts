import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { simulatedNote } from "../report-text.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly gpu?: number;
  readonly xid?: number;
  readonly limit: number;
}

export async function run(context: CommandContext, { gpu, node, xid, limit, json }: Options): Promise<ExitName> {
  const { terminal } = context;
  const answer = await withService(context, (service) => service.events({ node, gpu, xid, limit }));
  if (json) {
    terminal.out(jsonText("gpu_events", answer));
    return "ok";
  }
  if (answer.events.length === 0) terminal.out("no GPU events");
  else {
    terminal.out(
      table(
        answer.events,
        [
          { title: "time", value: (event) => event.time },
          { title: "gpu", value: (event) => event.gpu_id, align: "right" },
          { title: "pci", value: (event) => event.pci },
          { title: "event", value: (event) => eventName(event) },
          { title: "line", value: (event) => event.raw },
        ],
        terminal.columns,
      ),
    );
  }
  const left = answer.total - answer.events.length;
  if (left > 0) terminal.note(`${left} more: raise --limit`);
  simulatedNote(terminal, answer.simulated);
  return "ok";
}

function eventName(event: { kind: string; xid?: number | null; sxid?: number | null; signal?: string | null }): string {
  if (event.xid != null) return `xid ${event.xid}`;
  if (event.sxid != null) return `sxid ${event.sxid}`;
  return event.signal ?? event.kind;
}

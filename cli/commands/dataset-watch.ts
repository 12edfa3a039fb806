import { z } from "zod";

import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { type DatasetService, type WireDataset, createDatasetService } from "../dataset-service.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { type ProgressBar, createProgressBar } from "../progress-bar.ts";
import { jsonText, printable } from "../terminal.ts";

const GroupFinished = z.object({
  done: z.number(),
  target: z.number(),
  rows_per_second: z.number(),
  eta_seconds: z.number().nullish(),
});
const LogLine = z.object({ level: z.string(), message: z.string() });

/** Follows a job to its end; exits 1 when it failed or was cancelled. Events of the past are told first. */
export async function run(context: CommandContext, id: string, { json }: GlobalOptions): Promise<ExitName> {
  const { terminal, signal } = context;
  return withConnection(context, async (connection) => {
    const service = createDatasetService(connection, signal);
    const bar = createProgressBar(terminal);
    try {
      for await (const { type, data } of service.events(id)) {
        if (bar === undefined) terminal.note(JSON.stringify({ type, ...data }));
        else show(bar, type, data);
      }
    } catch (error) {
      if (error instanceof CliError) throw error;
      signal.throwIfAborted();
      throw new CliError("unreachable", `the stream of ${id} broke off; watch again goes on`, { cause: error });
    } finally {
      bar?.end();
    }
    return finish(context, service, id, json);
  });
}

function show(bar: ProgressBar, type: string, data: unknown): void {
  const group = type === "row_group_finished" ? GroupFinished.safeParse(data).data : undefined;
  const line = type === "log" ? LogLine.safeParse(data).data : undefined;
  if (group !== undefined) {
    const { done, target, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds } = group;
    bar.draw({ done, target, rowsPerSecond, ...(etaSeconds == null ? {} : { etaSeconds }) });
  } else if (line !== undefined) bar.say(printable(line.message));
}

async function finish(
  { terminal }: CommandContext,
  service: DatasetService,
  id: string,
  isJson: boolean,
): Promise<ExitName> {
  const dataset: WireDataset = await service.get(id);
  const isComplete = dataset.status === "completed";
  if (isJson) terminal.out(jsonText("dataset_status", dataset));
  else {
    terminal.out(`${dataset.id} ${dataset.status}, ${dataset.rows ?? 0} of ${dataset.target ?? "?"} rows`);
    if (isComplete) terminal.note(`nemops dataset download ${dataset.id} -o <folder> fetches it`);
  }
  return isComplete ? "ok" : "failure";
}

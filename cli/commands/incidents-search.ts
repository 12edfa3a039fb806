import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly top: number;
}

export async function run(context: CommandContext, words: readonly string[], options: Options): Promise<ExitName> {
  const { terminal } = context;
  const query = words.join(" ").trim();
  if (query === "") throw new CliError("usage", "the query is empty; describe a symptom or name an XID");
  const answer = await withService(context, (service) => service.searchIncidents(query, options.top));
  if (options.json) {
    terminal.out(jsonText("incident_search", answer));
    return "ok";
  }
  if (answer.results.length === 0) {
    terminal.out(answer.message ?? `no close match among ${answer.total_incidents_in_db} incidents`);
    return "ok";
  }
  terminal.out(
    table(
      answer.results,
      [
        { title: "id", value: (hit) => hit.id },
        { title: "score", value: (hit) => hit.similarity_score.toFixed(3), align: "right" },
        { title: "severity", value: (hit) => hit.severity },
        { title: "title", value: (hit) => hit.title },
      ],
      terminal.columns,
    ),
  );
  return "ok";
}

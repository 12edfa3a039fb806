import type { Command } from "commander";

import { wholeNumber } from "../arguments.ts";
import type { Action } from "../program.ts";

export function addIncidentCommands(program: Command, action: Action): void {
  const incidents = program.command("incidents").helpCommand(false).description("past incidents");
  incidents
    .command("search")
    .description("incidents that resemble a description")
    .argument("<query...>")
    .option("--top <count>", "most results", wholeNumber(1, 50), 3)
    .action(action(() => import("../commands/incidents-search.ts")));
  incidents
    .command("show")
    .description("one incident")
    .argument("<id>")
    .action(action(() => import("../commands/incidents-show.ts")));
  incidents
    .command("add")
    .description("store an incident from a JSON file, `-` for stdin")
    .argument("<file>")
    .action(action(() => import("../commands/incidents-add.ts")));
}

import type { Command } from "commander";

import { oneOf, wholeNumber } from "../arguments.ts";
import type { Action } from "../program.ts";

export function addAlertCommands(program: Command, action: Action): void {
  const alerts = program.command("alerts").helpCommand(false).description("the alert book");
  alerts
    .command("list")
    .description("alerts, newest first")
    .option(
      "--status <status>",
      "open, acknowledged, snoozed or closed",
      oneOf("open", "acknowledged", "snoozed", "closed"),
    )
    .option("--limit <count>", "most alerts", wholeNumber(1, 1_000), 50)
    .action(action(() => import("../commands/alerts-list.ts")));
  for (const [name, description] of [
    ["ack", "acknowledge an alert: escalation stops"],
    ["snooze", "silence an alert for a while"],
    ["close", "close an alert"],
  ] as const) {
    const command = alerts
      .command(name)
      .description(description)
      .argument("<id>", "NEMOPS-…")
      .option("--by <name>", "who does it");
    if (name === "snooze") command.option("--minutes <count>", "how long", wholeNumber(1, 43_200), 60);
    if (name === "close") command.option("--reason <text>", "why");
    command.action(action(() => import("../commands/alerts-update.ts")));
  }
}

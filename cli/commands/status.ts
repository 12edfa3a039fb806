import { type CommandContext, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { healthText, simulatedNote } from "../report-text.ts";
import { jsonText } from "../terminal.ts";

/** What `nemops` alone prints: the node and its GPUs. It informs and therefore never exits 3. */
export async function run(context: CommandContext): Promise<ExitName> {
  const { terminal, options } = context;
  const { nodes, health, alerts } = await withService(context, async (service) => ({
    nodes: await service.nodes(),
    health: await service.health({ node: options.node }),
    alerts: await service.alerts({ status: "open", limit: 1 }),
  }));
  if (options.json) {
    terminal.out(jsonText("status", { ...health, nodes: nodes.nodes, open_alerts: alerts.total }));
    return "ok";
  }
  terminal.out(healthText(health, terminal));
  const others = nodes.nodes.length - 1;
  if (others > 0)
    terminal.out(
      `${others} more ${others === 1 ? "node" : "nodes"}: nemops --node ID, one of ${nodes.nodes
        .slice(0, 8)
        .map(({ id }) => id)
        .join(", ")}`,
    );
  if (alerts.total > 0)
    terminal.out(`${alerts.total} open ${alerts.total === 1 ? "alert" : "alerts"}: nemops alerts list`);
  simulatedNote(terminal, health.simulated);
  return "ok";
}

import { type CommandContext, type GlobalOptions, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { healthText, simulatedNote } from "../report-text.ts";
import { jsonText } from "../terminal.ts";
import type { Health } from "../wire.ts";

interface Options extends GlobalOptions {
  readonly gpu?: number;
  readonly failOn: "warning" | "critical" | "never";
}

export async function run(context: CommandContext, { gpu, node, json, failOn }: Options): Promise<ExitName> {
  const { terminal } = context;
  const health = await withService(context, (service) => service.health({ node, gpu }));
  if (json) terminal.out(jsonText("gpu_health", health));
  else {
    terminal.out(healthText(health, terminal));
    simulatedNote(terminal, health.simulated);
  }
  return isUnhealthy(health, failOn) ? "unhealthy" : "ok";
}

const RANK: Readonly<Record<string, number>> = { healthy: 0, info: 0, warning: 1, critical: 2 };

/** The worse of the reading and of the verdict on reading and log together counts. */
export function isUnhealthy({ summary, assessment }: Health, failOn: Options["failOn"]): boolean {
  if (failOn === "never") return false;
  const verdictRank = assessment.verdict === "healthy" ? 0 : (RANK[assessment.severity] ?? 1);
  return Math.max(RANK[summary.overall_status] ?? 1, verdictRank) >= (RANK[failOn] ?? 1);
}

import { type CommandContext, withConnection } from "../context.ts";
import { type Check, configCheck, localChecks } from "../doctor-checks.ts";
import type { ExitName } from "../exit-codes.ts";
import { createService } from "../service.ts";
import { errorMessage } from "../../lib/errors.ts";
import { type Style, jsonText, printable } from "../terminal.ts";
import { isUnhealthy } from "./gpu-health.ts";

const STYLES: Readonly<Record<Check["status"], Style>> = { ok: "green", warn: "yellow", fail: "red" };

/** Checks this installation, then the service and the GPUs it sees. Exit 3 when one of the checks fails. */
export async function run(context: CommandContext): Promise<ExitName> {
  const { terminal, options, signal } = context;
  const { check, config } = configCheck();
  const checks = [check];
  if (config !== undefined) {
    checks.push(...(await localChecks(config, signal)));
    checks.push(...(await serviceChecks(context)));
  }
  const hasFailed = checks.some(({ status }) => status === "fail");
  if (options.json) terminal.out(jsonText("doctor", { ok: !hasFailed, checks }));
  else {
    for (const { name, status, detail } of checks) {
      terminal.out(`${terminal.style(STYLES[status], status.padEnd(4))} ${name.padEnd(12)} ${printable(detail)}`);
    }
  }
  return hasFailed ? "unhealthy" : "ok";
}

async function serviceChecks(context: CommandContext): Promise<Check[]> {
  try {
    return await withConnection(context, async (connection) => {
      const service = createService(connection, context.signal);
      const [nodes, health] = [await service.nodes(), await service.health({ node: context.options.node })];
      const { summary, assessment, simulated } = health;
      const isSick = isUnhealthy(health, "critical");
      return [
        {
          name: "service",
          status: "ok",
          detail: connection.isLocal
            ? "runs in this process; no server on this machine"
            : `answers at ${connection.url}`,
        },
        { name: "gpu source", status: "ok", detail: nodes.source ?? `${nodes.nodes.length} nodes` },
        {
          name: "gpus",
          // A simulated fault is there to be looked at and is no fault of this installation.
          status: isSick ? (simulated ? "warn" : "fail") : summary.overall_status === "healthy" ? "ok" : "warn",
          detail: `${summary.total_gpus} GPUs, ${assessment.verdict}: ${assessment.summary}${simulated ? " (simulated)" : ""}`,
        },
      ];
    });
  } catch (error) {
    context.signal.throwIfAborted();
    return [{ name: "service", status: "fail", detail: errorMessage(error) }];
  }
}

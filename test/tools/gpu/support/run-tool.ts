import { createLog } from "../../../../lib/log.ts";
import { seededRandom } from "../../../../lib/random.ts";
import type { Tool } from "../../../../tools/define-tool.ts";
import { type Alerting, type AlertingOptions, createAlerting } from "../../../../tools/gpu/alerts/alerting.ts";
import type { GpuToolContext } from "../../../../tools/gpu/context.ts";
import { createIncidentIndex } from "../../../../tools/gpu/incidents/create-index.ts";
import { createSimulatedSource } from "../../../../tools/gpu/telemetry/simulated.ts";
import type { TelemetrySource } from "../../../../tools/gpu/telemetry/source.ts";
import { type ManualClock, createManualClock } from "../../../support/manual-clock.ts";

export interface ToolBench {
  readonly context: GpuToolContext;
  readonly alerting: Alerting;
  readonly clock: ManualClock;
  /** Runs a tool as the server does: checked input, checked output. */
  readonly run: (tool: Tool<GpuToolContext>, args: Record<string, unknown>) => Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface ToolBenchOptions {
  readonly scenario?: string;
  readonly webhook?: AlertingOptions["webhook"];
  readonly telemetry?: TelemetrySource;
}

/** Tools over a simulated node and an alert book in memory, without a background pump, so that a test sees each try. */
export async function openToolBench(options: ToolBenchOptions = {}): Promise<ToolBench> {
  const clock = createManualClock();
  const log = createLog({ level: "info", destination: { write: () => undefined } });
  const alerting = createAlerting({ home: ":memory:", clock, random: seededRandom(3), log, webhook: options.webhook });
  const scenario = options.scenario ?? "healthy";
  const telemetry = options.telemetry ?? createSimulatedSource({ scenario, seed: 7, gpuCount: 4, nodeCount: 2, clock });
  const incidents = await createIncidentIndex({
    config: { embeddings: { provider: "none" }, chromaCollection: "unused" },
    home: ":memory:",
    log,
    // Without a provider no other embedding setting is read.
  } as Parameters<typeof createIncidentIndex>[0]);
  const context = { telemetry, incidents, alerts: alerting.book, alertDispatcher: alerting.dispatcher, clock, log };
  return {
    context,
    alerting,
    clock,
    async run(tool, args) {
      const { signal } = new AbortController();
      const input = tool.input.strict().parse(args);
      const answer = await tool.run(input, { context, signal, reportProgress: () => {}, meta: {} });
      return tool.output.strict().parse(answer);
    },
    async close() {
      await alerting.close();
      await incidents.close();
      await telemetry.close();
    },
  };
}

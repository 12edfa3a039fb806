import type { LogParse } from "../../../../engine/gpu/event.ts";
import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import type { NodeReading } from "../../../../engine/gpu/reading.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { loadConfig } from "../../../../lib/config.ts";
import { createLog } from "../../../../lib/log.ts";
import { seededRandom } from "../../../../lib/random.ts";
import { createToolClient } from "../../../../mcp/client/create-tool-client.ts";
import type { ToolClient, ToolOutcome } from "../../../../mcp/client/tool-client.ts";
import { createGpuOpsServer } from "../../../../mcp/server/gpu-ops.ts";
import { createGpuToolContext } from "../../../../tools/gpu/create-context.ts";
import type { TelemetrySource } from "../../../../tools/gpu/telemetry/source.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

export interface GpuTools {
  readonly client: ToolClient;
  readonly clock: Clock;
  /** Calls a tool that is expected to succeed and gives its structured answer. */
  readonly call: (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;
  /** Calls a tool that is expected to fail and gives its error. */
  readonly fail: (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface GpuToolsOptions {
  readonly settings?: Readonly<Record<string, string>>;
  /** Instead of the source that the settings name. */
  readonly telemetry?: TelemetrySource;
}

/** The eleven tools behind the protocol, with everything in memory and words-only incident search. */
export async function openGpuTools({ settings = {}, telemetry }: GpuToolsOptions = {}): Promise<GpuTools> {
  const clock = createManualClock();
  const log = createLog({ level: "silent" });
  const random = seededRandom(5);
  const config = { ...loadConfig({ EMBEDDINGS_PROVIDER: "none", ...settings }), home: ":memory:" };
  const context = await createGpuToolContext({ config, clock, random, log });
  const createServer = createGpuOpsServer({ context: { ...context, ...(telemetry && { telemetry }) }, log });
  const client = createToolClient({
    servers: [{ name: "gpu-ops", createServer }],
    timeoutMs: 60_000,
    clock,
    random,
    log,
  });

  const outcome = (name: string, args: Record<string, unknown> = {}): Promise<ToolOutcome> => client.call(name, args);
  return {
    client,
    clock,
    call: async (name, args) => {
      const { isError, text, structured } = await outcome(name, args);
      if (isError || structured === undefined) throw new Error(`${name} failed: ${text}`);
      return { ...structured };
    },
    fail: async (name, args) => {
      const { isError, text, structured } = await outcome(name, args);
      if (!isError || structured === undefined) throw new Error(`${name} did not fail: ${text}`);
      return { ...structured };
    },
    close: async () => {
      await client.close();
      await context.close();
    },
  };
}

/** A source that answers with the reading and the kernel log it is given; it runs no diagnostics. */
export function fixedSource(reading: NodeReading, kernelLog = ""): TelemetrySource {
  const log: LogParse = parseLog(kernelLog);
  return {
    origin: reading.origin,
    isSimulated: reading.isSimulated,
    describe: () => "fixed",
    listNodes: async () => [{ id: "node-1", hostname: "node-1" }],
    readNode: async () => reading,
    readEvents: async () => log,
    runDiagnostic: async ({ test, gpu, mode }) => ({
      test,
      gpu,
      mode,
      outcome: "unavailable",
      durationSeconds: 0,
      details: {},
      conclusion: "nothing here can run it",
      ranAs: "none",
      isSimulated: false,
    }),
    close: async () => undefined,
  };
}

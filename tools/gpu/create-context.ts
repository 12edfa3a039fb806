import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { type AlertingOptions, createAlerting } from "./alerts/alerting.ts";
import type { GpuToolContext } from "./context.ts";
import { createIncidentIndex } from "./incidents/create-index.ts";
import { createTelemetrySource } from "./telemetry/create-source.ts";

export interface GpuToolContextOptions {
  readonly config: Pick<Config, "gpu" | "incidents" | "alerts" | "home" | "canReachPrivateAddresses">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface OwnedGpuToolContext extends GpuToolContext {
  /** Stops escalations and releases files, processes and connections. */
  close(): Promise<void>;
}

/**
 * The source, the incident index and the alert book that the settings ask for, with escalations running. Throws
 * `storage_failed` for a home that cannot be used and `invalid_input` for an unknown simulated scenario; nothing stays
 * open then.
 */
export async function createGpuToolContext(options: GpuToolContextOptions): Promise<OwnedGpuToolContext> {
  const { config, clock, random, log } = options;
  const telemetry = createTelemetrySource(config.gpu, { clock, log });
  const alerting = createAlerting({ home: config.home, clock, random, log, ...alertChannels(config) });
  try {
    const incidents = await createIncidentIndex({ config: config.incidents, home: config.home, log });
    alerting.start();
    return {
      telemetry,
      incidents,
      alerts: alerting.book,
      alertDispatcher: alerting.dispatcher,
      clock,
      log,
      close: async () => {
        await alerting.close();
        await incidents.close();
        await telemetry.close();
      },
    };
  } catch (error) {
    await alerting.close();
    await telemetry.close();
    throw error;
  }
}

function alertChannels({
  alerts,
  canReachPrivateAddresses,
}: GpuToolContextOptions["config"]): Pick<AlertingOptions, "webhook" | "file"> {
  const { webhookUrl: url, webhookSecret: secret, file } = alerts;
  return {
    ...(file !== undefined && { file }),
    ...(url !== undefined && { webhook: { url, secret, allowPrivate: canReachPrivateAddresses } }),
  };
}

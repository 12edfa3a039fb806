import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { DataToolContext } from "./context.ts";
import { createEmbeddedDesigner } from "./designer/embedded/embedded-designer.ts";
import { createGenerationServices } from "./generation-services.ts";

export interface DataToolContextOptions {
  readonly config: Pick<Config, "home" | "llm" | "data" | "canReachPrivateAddresses">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface OwnedDataToolContext extends DataToolContext {
  /** Stops jobs, which go on at the next start, and releases files and connections. */
  close(): Promise<void>;
}

/** What makes datasets, as the settings ask for it. Throws `storage_failed` for a home that cannot be used. */
export async function createDataToolContext(options: DataToolContextOptions): Promise<OwnedDataToolContext> {
  const { config, clock, random, log } = options;
  const services = createGenerationServices({ config, clock, random, log });
  try {
    const designer = createEmbeddedDesigner({
      home: config.home,
      seedFolder: config.data.seedFolder,
      maxJobs: config.data.maxJobs,
      maxRows: config.data.maxRows,
      services,
      settings: { modelConfigs: [], modelProviders: [], textModel: "offline text model" },
      clock,
      random,
      log,
    });
    return {
      designer,
      clock,
      log,
      close: async () => {
        await designer.close();
        services.close();
      },
    };
  } catch (error) {
    services.close();
    throw error;
  }
}

import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { DataToolContext } from "./context.ts";
import { readSeedFile } from "./design-input.ts";
import { createEmbeddedDesigner } from "./designer/embedded/embedded-designer.ts";
import { type ToolCaller, checkServices, createGenerationServices } from "./generation-services.ts";

export interface DataToolContextOptions {
  readonly config: Pick<Config, "home" | "llm" | "data" | "canReachPrivateAddresses">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Calls the tools that model columns may use; without it a design that names any is refused. */
  readonly tools?: ToolCaller;
}

export interface OwnedDataToolContext extends DataToolContext {
  /** Stops jobs, which go on at the next start, and releases files and connections. */
  close(): Promise<void>;
}

/**
 * What makes datasets, as the settings ask for it: a NeMo Data Designer service, or the built-in engine. Throws
 * `storage_failed` for a home that cannot be used, and what is wrong with the file of model providers.
 */
export async function createDataToolContext(options: DataToolContextOptions): Promise<OwnedDataToolContext> {
  const { config, clock, random, log, tools } = options;
  const { home, data } = config;
  if (data.nemo !== undefined) {
    const { createNemoDesigner } = await import("./designer/nemo/nemo-designer.ts");
    const designer = createNemoDesigner({ ...data.nemo, home, clock, random, log });
    return { designer, clock, log, close: () => designer.close() };
  }
  const services = createGenerationServices({ config, clock, random, log, ...(tools === undefined ? {} : { tools }) });
  try {
    const { seedFolder, maxJobs, maxRows } = data;
    const defaultModel = config.llm.model;
    const limits = { home, seedFolder, maxJobs, maxRows };
    const designer = createEmbeddedDesigner({ ...limits, services, defaultModel, clock, random, log });
    const close = async (): Promise<void> => {
      await designer.close();
      services.close();
    };
    return {
      designer,
      check: (design) => checkServices(design, services),
      maxRows,
      readSeedFile: (file) => readSeedFile(file, seedFolder),
      clock,
      log,
      close,
    };
  } catch (error) {
    services.close();
    throw error;
  }
}

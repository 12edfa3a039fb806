import type { Clock } from "../../../lib/clock.ts";
import type { Config } from "../../../lib/config.ts";
import type { Log } from "../../../lib/log.ts";
import { createFileSource } from "./file.ts";
import { createNvidiaSmiSource } from "./nvidia-smi.ts";
import { createSimulatedSource } from "./simulated.ts";
import type { TelemetrySource } from "./source.ts";

/** The GPU source that the settings name. Throws ServiceError `invalid_input` for an unknown simulated scenario. */
export function createTelemetrySource(
  gpu: Config["gpu"],
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): TelemetrySource {
  switch (gpu.source) {
    case "simulated":
      return createSimulatedSource({ ...gpu.simulation, clock });
    case "nvidia-smi":
      return createNvidiaSmiSource({ ...gpu, clock, log });
    case "file":
      return createFileSource(gpu.files);
  }
}

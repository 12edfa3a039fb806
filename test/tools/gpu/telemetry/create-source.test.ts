import { pino } from "pino";
import { expect, it } from "vitest";

import { loadConfig } from "../../../../lib/config.ts";
import { createTelemetrySource } from "../../../../tools/gpu/telemetry/create-source.ts";
import type { TelemetrySource } from "../../../../tools/gpu/telemetry/source.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

function sourceFor(environment: NodeJS.ProcessEnv): TelemetrySource {
  return createTelemetrySource(loadConfig(environment).gpu, {
    clock: createManualClock(),
    log: pino({ level: "silent" }),
  });
}

it("is simulated by default and says so", () => {
  const source = sourceFor({});
  expect(source).toMatchObject({ origin: "simulated", isSimulated: true });
  expect(source.describe()).toBe("a simulated node with 4 GPUs, scenario clock_stuck, seed 7");
});

it("follows the settings of the simulation", () => {
  const source = sourceFor({ SIM_SCENARIO: "ecc_errors:exhausted", SIM_SEED: "9", SIM_GPUS: "2", SIM_NODES: "3" });
  expect(source.describe()).toBe("3 simulated nodes with 2 GPUs, scenario ecc_errors:exhausted, seed 9");
});

it("reads this machine with GPU_SOURCE=nvidia-smi and with the older GPU_MODE=real", () => {
  for (const environment of [{ GPU_SOURCE: "nvidia-smi" }, { GPU_MODE: "real" }]) {
    expect(sourceFor({ ...environment, NVIDIA_SMI_PATH: "/opt/smi" })).toMatchObject({
      origin: "nvidia-smi",
      isSimulated: false,
    });
  }
  expect(sourceFor({ GPU_SOURCE: "nvidia-smi", NVIDIA_SMI_PATH: "/opt/smi" }).describe()).toContain("/opt/smi");
});

it("reads recorded files with GPU_SOURCE=file", () => {
  const source = sourceFor({ GPU_SOURCE: "file", GPU_FILE_KERNEL_LOG: "kern.log" });
  expect(source).toMatchObject({ origin: "file", isSimulated: false });
  expect(source.describe()).toBe("recorded files: kern.log");
});

import type { Fault } from "../fault.ts";
import { scenarioLabel, type Scenario } from "../scenarios.ts";
import { fallenOffBus, gspTimeout } from "./device.ts";
import { bootNvlinkTraining, nvlinkErrors, nvlinkErrorsBlackwell, nvswitchFatal, pcieDegraded } from "./links.ts";
import { contained94, eccErrors, eccErrorsExhausted, rowRemapExhausted } from "./memory.ts";
import {
  appFaultXid13,
  driverMismatch,
  fabricManagerDown,
  ibFlap,
  memoryPressure,
  sdcSuspect,
  staleTelemetry,
} from "./software.ts";
import { clockStuck, clockStuckPowerLimit, powerBrake, thermalCritical, thermalWarning } from "./thermal-power.ts";

const NOTHING: Fault = { apply: () => undefined, log: () => [] };

/** Every scenario and variant by label; a test holds the keys equal to the seed file. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  healthy: NOTHING,
  thermal_warning: thermalWarning,
  "thermal_warning:critical": thermalCritical,
  ecc_errors: eccErrors,
  "ecc_errors:exhausted": eccErrorsExhausted,
  memory_pressure: memoryPressure,
  gpu_fallen_off_bus: fallenOffBus,
  nvlink_errors: nvlinkErrors,
  "nvlink_errors:blackwell": nvlinkErrorsBlackwell,
  clock_stuck: clockStuck,
  "clock_stuck:power_limit": clockStuckPowerLimit,
  power_brake: powerBrake,
  gsp_timeout: gspTimeout,
  row_remap_exhausted: rowRemapExhausted,
  pcie_degraded: pcieDegraded,
  nvswitch_fatal: nvswitchFatal,
  fabric_manager_down: fabricManagerDown,
  driver_mismatch: driverMismatch,
  ib_flap: ibFlap,
  app_fault_xid13: appFaultXid13,
  contained_94: contained94,
  sdc_suspect: sdcSuspect,
  stale_telemetry: staleTelemetry,
  boot_nvlink_training: bootNvlinkTraining,
};

export function faultOf(scenario: Scenario): Fault {
  const fault = FAULTS[scenarioLabel(scenario)];
  if (fault === undefined) throw new Error(`no fault model for scenario ${scenarioLabel(scenario)}`);
  return fault;
}

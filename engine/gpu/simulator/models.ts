import type { ModelName } from "./scenarios.ts";

/** What the simulator needs to know of a GPU model. Sources: recorded `nvidia-smi -q` output and the data sheets. */
export interface SimulatedModel {
  readonly key: ModelName;
  readonly productName: string;
  readonly architecture: string;
  /** As `nvidia-smi` prints it: device then vendor. */
  readonly pciDeviceId: string;
  readonly vbiosVersion: string;
  readonly inforomVersion: string;
  readonly driverVersion: string;
  readonly cudaVersion: string;
  /** Version of the `nvidia-smi -q -x` document type that goes with the driver. */
  readonly schema: 12 | 13;
  readonly memoryTotalMib: number;
  readonly memoryReservedMib: number;
  readonly powerLimitW: number;
  readonly minPowerLimitW: number;
  readonly idlePowerW: number;
  readonly maxOperatingC: number;
  readonly slowdownC: number;
  readonly shutdownC: number;
  /** Absent where the memory has no sensor. */
  readonly memoryMaxC?: number;
  /** Reports distances to the limit in place of absolute thresholds. */
  readonly usesLimitMargin: boolean;
  readonly maxSmClockMhz: number;
  readonly idleSmClockMhz: number;
  readonly memoryClockMhz: number;
  readonly pcieGeneration: number;
  readonly nvlink?: { readonly version: number; readonly links: number; readonly speedGbPerSecond: number };
  /** Has a fabric manager and NVSwitches, or on Blackwell NVLink5 switches. */
  readonly hasFabric: boolean;
  /** Banks of the row remapper; absent on parts that retire pages instead. */
  readonly remapBanks?: number;
  /** Sustained rate of the simulated compute test at full clocks. */
  readonly computeTflops: number;
}

export const SIMULATED_MODELS: readonly SimulatedModel[] = [
  {
    key: "H100",
    productName: "NVIDIA H100 80GB HBM3",
    architecture: "Hopper",
    pciDeviceId: "233010DE",
    vbiosVersion: "96.00.74.00.01",
    inforomVersion: "G520.0200.00.05",
    driverVersion: "580.95.05",
    cudaVersion: "13.0",
    schema: 13,
    memoryTotalMib: 81_559,
    memoryReservedMib: 551,
    powerLimitW: 700,
    minPowerLimitW: 200,
    idlePowerW: 72,
    maxOperatingC: 85,
    slowdownC: 87,
    shutdownC: 93,
    memoryMaxC: 95,
    usesLimitMargin: true,
    maxSmClockMhz: 1980,
    idleSmClockMhz: 345,
    memoryClockMhz: 2619,
    pcieGeneration: 5,
    nvlink: { version: 4, links: 18, speedGbPerSecond: 26.562 },
    hasFabric: true,
    remapBanks: 2560,
    computeTflops: 41.2,
  },
  {
    key: "A100",
    productName: "NVIDIA A100-SXM4-80GB",
    architecture: "Ampere",
    pciDeviceId: "20B210DE",
    vbiosVersion: "92.00.45.00.03",
    inforomVersion: "G506.0210.00.04",
    driverVersion: "535.183.06",
    cudaVersion: "12.2",
    schema: 12,
    memoryTotalMib: 81_920,
    memoryReservedMib: 621,
    powerLimitW: 400,
    minPowerLimitW: 100,
    idlePowerW: 62,
    maxOperatingC: 85,
    slowdownC: 89,
    shutdownC: 92,
    memoryMaxC: 95,
    usesLimitMargin: false,
    maxSmClockMhz: 1410,
    idleSmClockMhz: 210,
    memoryClockMhz: 1593,
    pcieGeneration: 4,
    nvlink: { version: 3, links: 12, speedGbPerSecond: 25 },
    hasFabric: true,
    remapBanks: 640,
    computeTflops: 9.4,
  },
  {
    key: "B200",
    productName: "NVIDIA B200",
    architecture: "Blackwell",
    pciDeviceId: "290110DE",
    vbiosVersion: "97.00.88.00.0F",
    inforomVersion: "G548.0201.00.06",
    driverVersion: "580.95.05",
    cudaVersion: "13.0",
    schema: 13,
    memoryTotalMib: 183_359,
    memoryReservedMib: 727,
    powerLimitW: 1000,
    minPowerLimitW: 200,
    idlePowerW: 142,
    maxOperatingC: 87,
    slowdownC: 90,
    shutdownC: 95,
    memoryMaxC: 95,
    usesLimitMargin: true,
    maxSmClockMhz: 1965,
    idleSmClockMhz: 120,
    memoryClockMhz: 3996,
    pcieGeneration: 5,
    nvlink: { version: 5, links: 18, speedGbPerSecond: 53.125 },
    hasFabric: true,
    remapBanks: 6144,
    computeTflops: 50.1,
  },
  {
    key: "T4",
    productName: "Tesla T4",
    architecture: "Turing",
    pciDeviceId: "1EB810DE",
    vbiosVersion: "90.04.96.00.01",
    inforomVersion: "G183.0200.00.02",
    driverVersion: "535.183.06",
    cudaVersion: "12.2",
    schema: 12,
    memoryTotalMib: 15_360,
    memoryReservedMib: 448,
    powerLimitW: 70,
    minPowerLimitW: 60,
    idlePowerW: 10,
    maxOperatingC: 85,
    slowdownC: 93,
    shutdownC: 96,
    usesLimitMargin: false,
    maxSmClockMhz: 1590,
    idleSmClockMhz: 300,
    memoryClockMhz: 5001,
    pcieGeneration: 3,
    hasFabric: false,
    computeTflops: 5.9,
  },
];

export function simulatedModel(key: ModelName): SimulatedModel {
  const model = SIMULATED_MODELS.find((row) => row.key === key);
  if (model === undefined) throw new Error(`no simulated model ${key}`);
  return model;
}

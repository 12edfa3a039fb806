import { hash32, seededRandom } from "../../../lib/random.ts";
import type { SimulatedModel } from "./models.ts";
import type { Scenario } from "./scenarios.ts";

/** Everything about a simulated node that does not change while it runs. */
export interface NodeSpec {
  readonly key: string;
  readonly nodeIndex: number;
  readonly hostname: string;
  readonly rack: string;
  readonly scenario: Scenario;
  readonly model: SimulatedModel;
  readonly gpus: readonly GpuIdentity[];
  /** Drawn from the seed: index of the GPU that has the fault. */
  readonly faultyGpu: number;
  readonly bootAtMs: number;
  readonly faultAtMs: number;
  /** Temperature of the air or water that reaches the node, before any fault of its own. */
  readonly supplyC: number;
  readonly job: { readonly name: string; readonly pids: readonly number[]; readonly unit: string };
}

export interface GpuIdentity {
  readonly index: number;
  readonly uuid: string;
  /** Lower case `dddd:bb:dd.f`. */
  readonly pci: string;
  /** PCIe port above it. */
  readonly upstream: string;
  readonly serial: string;
}

/** Bus numbers of an eight-GPU HGX board, and of a sixteen-GPU chassis. */
const BUSES_8 = ["1b", "43", "52", "61", "9d", "c3", "d1", "df"];
const BUSES_16 = ["18", "1b", "2a", "3a", "43", "52", "5d", "61", "84", "91", "9d", "ab", "b9", "c3", "d1", "df"];

export function gpuIdentities(key: string, count: number): readonly GpuIdentity[] {
  const buses = (count <= BUSES_8.length ? BUSES_8 : BUSES_16).slice(0, count);
  return buses.map((bus, index) => {
    const hex = [0, 1, 2, 3].map((part) => hex8(`${key}:gpu${index}:${part}`)).join("");
    const uuid = `GPU-${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    const upstreamBus = (Number.parseInt(bus, 16) - 6).toString(16).padStart(2, "0");
    return {
      index,
      uuid,
      pci: `0000:${bus}:00.0`,
      upstream: `0000:${upstreamBus}:01.0`,
      serial: `165${String(hash32(`${key}:serial${index}`))
        .padStart(10, "0")
        .slice(0, 10)}`,
    };
  });
}

function hex8(text: string): string {
  return hash32(text).toString(16).padStart(8, "0");
}

export function jobOf(key: string, count: number): NodeSpec["job"] {
  const random = seededRandom(`${key}:job`);
  const first = 20_000 + Math.floor(random() * 400_000);
  return { name: "python3", pids: Array.from({ length: count }, (_, index) => first + index * 3), unit: "trainer" };
}

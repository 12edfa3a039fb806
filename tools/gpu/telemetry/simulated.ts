import { parseLog } from "../../../engine/gpu/log/parse-log.ts";
import { createFleet } from "../../../engine/gpu/simulator/fleet.ts";
import type { SimulatedNode } from "../../../engine/gpu/simulator/node.ts";
import { scenarioLabel } from "../../../engine/gpu/simulator/scenarios.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { TelemetrySource } from "./source.ts";

export interface SimulatedSourceOptions {
  /** A scenario label, or `random`. */
  readonly scenario: string;
  readonly seed: number;
  readonly gpuCount: number;
  readonly nodeCount: number;
  readonly clock: Clock;
}

/** A seeded fleet that lives in the clock's time. Throws ServiceError `invalid_input` for an unknown scenario. */
export function createSimulatedSource(options: SimulatedSourceOptions): TelemetrySource {
  const { clock, scenario, seed, gpuCount, nodeCount } = options;
  const fleet = createFleet({ seed, scenario, gpuCount, nodeCount, nowMs: clock.now() });

  /** The node at the present time. */
  const nodeAt = (id: string | undefined): SimulatedNode => {
    const node = id === undefined ? fleet[0] : fleet.find((candidate) => candidate.hostname === id);
    if (node === undefined) {
      const known = fleet.map((candidate) => candidate.hostname);
      throw new ServiceError("node_not_found", `no node "${id}"; nodes are ${shortList(known)}`);
    }
    node.tick(clock.now());
    return node;
  };

  return {
    origin: "simulated",
    isSimulated: true,
    describe() {
      const first = fleet[0];
      const label = first === undefined ? scenario : scenarioLabel(first.scenario);
      const nodes = nodeCount === 1 ? "a simulated node" : `${nodeCount} simulated nodes`;
      return `${nodes} with ${gpuCount} GPUs, scenario ${label}, seed ${seed}`;
    },
    async listNodes() {
      return fleet.map(({ hostname, rack }) => ({ id: hostname, hostname, rack }));
    },
    async readNode({ node }) {
      return nodeAt(node).reading();
    },
    async readEvents({ node }) {
      return parseLog(nodeAt(node).kernelLog());
    },
    async runDiagnostic({ node, test, gpu, mode }, { onProgress }) {
      const result = nodeAt(node).runDiagnostic({ test, gpu, mode });
      onProgress?.(1, 1);
      return result;
    },
    async close() {
      // Nothing is held.
    },
  };
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

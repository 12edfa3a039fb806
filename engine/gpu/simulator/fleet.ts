import { ServiceError } from "../../../lib/errors.ts";
import { seededRandom } from "../../../lib/random.ts";
import { faultOf } from "./faults/index.ts";
import { createSimulatedNode, type SimulatedNode } from "./node.ts";
import { drawScenario, findScenario, type Scenario } from "./scenarios.ts";

export interface FleetOptions {
  readonly seed: number | string;
  /** Scenario of the first node, or `random` to draw it like the others. */
  readonly scenario: string;
  readonly nowMs: number;
  /** 1 to 1024. */
  readonly nodeCount: number;
  readonly gpuCount?: number;
  /** 8 by default. */
  readonly nodesPerRack?: number;
}

export const MAX_NODES = 1024;

/** Of the warmth that a node's fault brings into its rack, the share that reaches the neighbours. */
const NEIGHBOUR_SHARE = 0.6;

/**
 * Nodes in racks, each from its own part of the seed: the first has the scenario, the others draw one by weight. What
 * reaches beyond a node is shared: the neighbours of a node with warm supply air are warm too, without being ill.
 * Throws ServiceError `invalid_input` for an unknown scenario or a number out of bounds.
 */
export function createFleet(options: FleetOptions): readonly SimulatedNode[] {
  const { seed, nowMs, nodeCount, gpuCount = 4, nodesPerRack = 8 } = options;
  if (!Number.isInteger(nodeCount) || nodeCount < 1 || nodeCount > MAX_NODES) {
    throw new ServiceError("invalid_input", `a simulated fleet has 1 to ${MAX_NODES} nodes, not ${nodeCount}`);
  }
  if (!Number.isInteger(nodesPerRack) || nodesPerRack < 1) {
    throw new ServiceError("invalid_input", `a rack has 1 node or more, not ${nodesPerRack}`);
  }
  const scenarios = Array.from({ length: nodeCount }, (_, index): Scenario => {
    if (index === 0 && options.scenario !== "random") return findScenario(options.scenario);
    return drawScenario(seededRandom(`${seed}:scenario:${index}`));
  });
  return scenarios.map((scenario, nodeIndex) => {
    const rackIndex = Math.floor(nodeIndex / nodesPerRack);
    const neighbours = scenarios.filter(
      (_, index) => index !== nodeIndex && Math.floor(index / nodesPerRack) === rackIndex,
    );
    const warmth = Math.max(0, ...neighbours.map((neighbour) => faultOf(neighbour).warmsRackByC ?? 0));
    return createSimulatedNode({
      seed,
      scenario,
      nowMs,
      gpuCount,
      nodeIndex,
      rack: `rack-${String(rackIndex + 1).padStart(2, "0")}`,
      warmerByC: warmth * NEIGHBOUR_SHARE,
    });
  });
}

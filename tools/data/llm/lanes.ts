import type { AimdRules } from "../../../engine/data/llm/aimd.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { ModelLane } from "./cells.ts";
import { type Lane, createLane } from "./lane.ts";

/** Requests in flight over all models; more only cost memory and sockets. */
const MAX_IN_FLIGHT = 1024;

export interface LanesOptions {
  /** By alias. */
  readonly models: ReadonlyMap<string, ModelLane>;
  readonly clock: Clock;
  readonly rules?: AimdRules | undefined;
  /** After each change of how many requests of an alias may be in flight. */
  readonly onLimit?: (alias: string, limit: number) => void;
}

/** The lanes of all models of a job. */
export interface Lanes {
  /** Throws for an alias without a model. */
  of(alias: string): Lane;
  /** Starts what may start in a lane, and in all of them when the room for all was used up. */
  pump(alias: string): void;
}

export function createLanes({ models, clock, rules, onLimit }: LanesOptions): Lanes {
  let inFlight = 0;
  let wasFull = false;
  const lanes = new Map(
    [...models].map(([alias, { maxParallel }]) => [
      alias,
      createLane({
        maxParallel,
        clock,
        rules,
        hasRoom: () => {
          wasFull ||= inFlight >= MAX_IN_FLIGHT;
          return inFlight < MAX_IN_FLIGHT;
        },
        count: (change) => void (inFlight += change),
        onLimit: (limit) => onLimit?.(alias, limit),
      }),
    ]),
  );
  return {
    of: (alias) => {
      const lane = lanes.get(alias);
      if (lane === undefined) throw new Error(`no model for the alias "${alias}"`);
      return lane;
    },
    pump: (alias) => {
      if (!wasFull) return lanes.get(alias)?.pump();
      wasFull = false;
      for (const lane of lanes.values()) lane.pump();
    },
  };
}

import type { NodeReading } from "../../reading.ts";
import { fabricManagerRules } from "./fabric-log.ts";
import { collectiveTimeoutRule, hotAdapterRule, linkRules } from "./network.ts";
import { numericRules } from "./numeric.ts";
import type { Observation } from "./observation.ts";
import { signalRules } from "./signals.ts";
import { sxidRules } from "./sxids.ts";
import type { Timeline } from "./timeline.ts";
import { xidRules } from "./xids.ts";

/** Judges the records of a log; the reading, where there is one, settles what the log leaves open. */
export type LogRule = (timeline: Timeline, node?: NodeReading) => Observation[];

export const LOG_RULES: readonly LogRule[] = [
  xidRules,
  sxidRules,
  signalRules,
  fabricManagerRules,
  linkRules,
  hotAdapterRule,
  collectiveTimeoutRule,
  numericRules,
];

export function checkLog(timeline: Timeline, node?: NodeReading): Observation[] {
  return LOG_RULES.flatMap((rule) => rule(timeline, node));
}

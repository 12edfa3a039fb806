import { refineXid, statefulRule } from "../../catalog/stateful.ts";
import type { StatefulOutcome } from "../../catalog/stateful.ts";
import { hasXid } from "./xid-group.ts";
import type { TimedXid, XidGroup } from "./xid-group.ts";

/**
 * The catalogue's own rule over several events, fed with the records of the GPU (`records`, when only some count) and
 * what the reading adds.
 */
export function refine(group: XidGroup, records: readonly TimedXid[] = group.onGpu): StatefulOutcome | undefined {
  const { reading } = group;
  const events = records.map(({ event }) => event);
  return refineXid(group.entry.code, group.xids[0]?.event.pci, events, {
    ...(reading?.isSramThresholdExceeded === undefined
      ? {}
      : { isSramThresholdExceeded: reading.isSramThresholdExceeded }),
    ...(reading?.isRemapFailed === undefined ? {} : { isRemapFailed: reading.isRemapFailed }),
    ...(reading === undefined ? {} : { isStuck: isStuck(group) }),
  });
}

/** Whether the GPU shows that it did not come back: lost, asking for a reset, or followed by another hang. */
function isStuck({ reading, onGpu }: XidGroup): boolean {
  if (reading?.isLost === true || reading?.isResetRequired === true || reading?.errorText !== undefined) return true;
  if (reading?.temperatureC === undefined && reading?.utilizationPct === undefined) return true;
  return hasXid(onGpu, 46, 119, 120, 158);
}

/** Document behind the rule of a code. */
export function sourceOf(code: number): string {
  return statefulRule(code)?.source ?? "NVIDIA Xid Catalog";
}

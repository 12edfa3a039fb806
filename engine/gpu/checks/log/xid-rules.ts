import { channelReset, escalateOnRepeat, graphicsException, mmuFault, preemptiveRemoval } from "./application-xids.ts";
import { coherentBusError, contextSwitchTimeout, firmwareTimeout, offTheBus } from "./hang-xids.ts";
import { containedError, detailRecord, remapNotRecorded, remapRecorded, uncorrectableEcc } from "./memory-xids.ts";
import { decideNvlink5, decideXid74, linkTrainingFailed } from "./nvlink-rules.ts";
import type { XidGrade } from "./xid-grade.ts";
import type { XidGroup } from "./xid-group.ts";

/** Refines the catalogue's grade of a code by what stands around its records; absent parts keep the catalogue's. */
export type XidRule = (group: XidGroup) => Partial<XidGrade>;

/** Codes whose meaning depends on more than the code. Every other code keeps the grade of its catalogue row. */
export const XID_RULES: Readonly<Record<number, XidRule>> = {
  13: graphicsException,
  31: mmuFault,
  32: escalateOnRepeat,
  38: escalateOnRepeat,
  43: channelReset,
  44: escalateOnRepeat,
  45: preemptiveRemoval,
  48: uncorrectableEcc,
  63: remapRecorded,
  64: remapNotRecorded,
  68: escalateOnRepeat,
  69: escalateOnRepeat,
  74: decideXid74,
  79: offTheBus,
  94: containedError,
  109: contextSwitchTimeout,
  119: firmwareTimeout,
  120: firmwareTimeout,
  136: linkTrainingFailed,
  144: decideNvlink5,
  145: decideNvlink5,
  146: decideNvlink5,
  147: decideNvlink5,
  148: decideNvlink5,
  149: decideNvlink5,
  150: decideNvlink5,
  159: coherentBusError,
  171: detailRecord,
  172: detailRecord,
};

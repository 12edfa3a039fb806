import { decodeNvlink5 } from "../../catalog/nvlink5.ts";
import { decodeXid74 } from "../../catalog/nvlink74.ts";
import { recoveryAction } from "../../catalog/recovery.ts";
import { statefulRule } from "../../catalog/stateful.ts";
import { SEVERITY_RANK } from "../../vocabulary.ts";
import type { Action, Severity } from "../../vocabulary.ts";
import type { TimedXid, XidGroup } from "./xid-group.ts";
import { verdictOf } from "./xid-grade.ts";
import type { XidGrade } from "./xid-grade.ts";

interface Decode {
  readonly action: Action;
  readonly followUp: readonly Action[];
  readonly severity: Severity;
  readonly meaning: string;
}

/** 74 by its register words; the strongest record decides. Source: NVIDIA Xid Catalog, NVLink workflow. */
export function decideXid74(group: XidGroup): Partial<XidGrade> {
  if (isBootTraining(group)) return bootTraining(group);
  const byLink = Map.groupBy(group.xids, ({ event }) => event.detail.link);
  const decodes = group.xids.map(({ event }) =>
    decodeXid74(event.detail.words ?? [], { eventsOnLink: byLink.get(event.detail.link)?.length ?? 1 }),
  );
  return fromDecode(group, strongest(decodes));
}

/** 136: links did not train; reset, then look at their signal. Source: NVIDIA Xid Catalog, INVESTIGATE_LINK_SI. */
export function linkTrainingFailed(): Partial<XidGrade> {
  return { followUp: ["INSPECT_LINK", "RESEAT"] };
}

/** 144–150 by subunit, status and severity word. Source: NVIDIA Xid Catalog, NVLink5 workflow. */
export function decideNvlink5(group: XidGroup): Partial<XidGrade> {
  if (isBootTraining(group)) return bootTraining(group);
  return fromDecode(group, strongest(group.xids.map(({ event }) => decodeNvlink5(event.detail, group.entry.code))));
}

function fromDecode(group: XidGroup, decode: Decode | undefined): Partial<XidGrade> {
  if (decode === undefined) return {};
  const { code, component } = group.entry;
  // "Ignore, but report when it repeats" is a watch; only what is to be ignored outright needs nothing.
  const action = decode.action === "NONE" && decode.severity !== "info" ? "WATCH" : decode.action;
  const isWatched = action === "WATCH" || action === "RESTART_APP";
  const followUp = decode.followUp.filter((step) => step !== action);
  return {
    title: `XID ${code}${linksOf(group)}: ${decode.meaning}`,
    severity: decode.severity,
    verdict: isWatched ? "gpu_degraded" : verdictOf(action, component, decode.severity),
    action,
    followUp: followUp.length === 0 && action === "RESET_GPU" ? ["INSPECT_LINK", "RESEAT"] : followUp,
    source: statefulRule(code)?.source ?? group.entry.source,
  };
}

function strongest(decodes: readonly Decode[]): Decode | undefined {
  return [...decodes].sort((left, right) => SEVERITY_RANK[right.severity] - SEVERITY_RANK[left.severity])[0];
}

function linksOf({ xids }: XidGroup): string {
  const links = [...new Set(xids.flatMap(({ event }) => event.detail.link ?? []))].filter((link) => link >= 0);
  if (links.length === 0) return "";
  return ` on link${links.length === 1 ? "" : "s"} ${links.slice(0, 6).join(", ")}${links.length > 6 ? ", …" : ""}`;
}

/**
 * Links go down and up while a node starts, and the driver reports that. Such records must not alert when every one was
 * written during the start, the driver asks for no recovery, and the links have come up: the reading says so, or without
 * a reading no record says Fatal. Source: incident I20; NVIDIA/NVSentinel issue 1701 (214 nodes flagged by restarts).
 */
function isBootTraining(group: XidGroup): boolean {
  const { xids, onGpu, reading } = group;
  if (xids.length === 0 || !xids.every((timed) => timed.isBooting)) return false;
  if (onGpu.some(asksForRecovery)) return false;
  if (reading === undefined) return xids.every(({ event }) => event.detail.isFatal === false);
  if (reading.isLost === true || reading.isResetRequired === true || reading.errorText !== undefined) return false;
  if ((recoveryAction(reading.recoveryAction ?? "none")?.value ?? 0) !== 0) return false;
  const links = reading.nvlinks ?? [];
  if (links.length === 0) return xids.every(({ event }) => event.detail.isFatal !== true);
  return links.every((link) => link.isActive !== false);
}

function asksForRecovery({ event }: TimedXid): boolean {
  return event.xid === 154 && event.detail.recoveryTo !== undefined && event.detail.recoveryTo !== 0;
}

function bootTraining(group: XidGroup): Partial<XidGrade> {
  return {
    title: `XID ${group.entry.code}: links trained while the node started`,
    severity: "info",
    verdict: "healthy",
    action: "NONE",
    followUp: [],
    source: "incident I20; NVIDIA/NVSentinel issue 1701",
  };
}

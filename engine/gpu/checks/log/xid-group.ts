import { lookupXid } from "../../catalog/xid.ts";
import type { XidEntry } from "../../catalog/xid.ts";
import type { GpuEvent, XidEvent } from "../../event.ts";
import type { GpuReading, NodeReading } from "../../reading.ts";
import type { GpuRef } from "./gpu-identity.ts";
import type { TimedEvent, Timeline } from "./timeline.ts";

export type TimedXid = TimedEvent<XidEvent>;

/** Every record of one code on one GPU. */
export interface XidGroup {
  readonly entry: XidEntry;
  readonly gpu?: GpuRef;
  readonly host: string;
  readonly all: readonly TimedEvent[];
  /** Records of the last boot that has any; never empty. */
  readonly latest: readonly TimedEvent[];
  /** The machine has restarted since `latest`. */
  readonly isPast: boolean;
  /** XID records among `latest`, in order. */
  readonly xids: readonly TimedXid[];
  /** XID records of that boot on the same GPU and on the same host, all codes. */
  readonly onGpu: readonly TimedXid[];
  readonly onHost: readonly TimedXid[];
  readonly reading?: GpuReading;
  readonly node?: NodeReading;
  readonly timeline: Timeline;
}

/** The kernel's "fallen off the bus" lines are the same fault as XID 79 and never counted beside it. */
const GPU_LOST_XID = 79;

export function groupXids(timeline: Timeline, node?: NodeReading): XidGroup[] {
  const groups = new Map<string, { code: number; events: TimedEvent[] }>();
  for (const timed of timeline.events) {
    const code = xidOf(timed.event);
    if (code === undefined) continue;
    const key = `${timed.host}|${timed.gpu?.key ?? ""}|${code}`;
    const group = groups.get(key) ?? { code, events: [] };
    group.events.push(timed);
    groups.set(key, group);
  }
  const xids = timeline.events.filter(isXid);
  const byHost = Map.groupBy(xids, bootOf);
  const byGpu = Map.groupBy(xids, gpuBootOf);
  return [...groups.values()].flatMap(({ code, events }) => {
    const all = withoutEchoes(events);
    const last = all.at(-1);
    if (last === undefined) return [];
    const latest = all.filter((timed) => timed.moment.boot === last.moment.boot);
    return [
      {
        entry: lookupXid(code),
        host: last.host,
        ...(last.gpu === undefined ? {} : { gpu: last.gpu }),
        all,
        latest,
        isPast: last.moment.boot < timeline.currentBoot(last.host),
        xids: latest.filter(isXid),
        onGpu: byGpu.get(gpuBootOf(last)) ?? [],
        onHost: byHost.get(bootOf(last)) ?? [],
        ...(last.gpu?.reading === undefined ? {} : { reading: last.gpu.reading }),
        ...(node === undefined ? {} : { node }),
        timeline,
      },
    ];
  });
}

function bootOf(timed: TimedEvent): string {
  return `${timed.host}|${timed.moment.boot}`;
}

function gpuBootOf(timed: TimedEvent): string {
  return `${bootOf(timed)}|${timed.gpu?.key ?? ""}`;
}

function xidOf(event: GpuEvent): number | undefined {
  if (event.kind === "xid") return event.xid;
  return event.kind === "signal" && event.signal === "gpu_lost" ? GPU_LOST_XID : undefined;
}

/** Leaves out lines that repeat what an XID record of the same boot says. */
function withoutEchoes(events: readonly TimedEvent[]): readonly TimedEvent[] {
  const boots = new Set(events.filter(isXid).map((timed) => timed.moment.boot));
  return events.filter((timed) => isXid(timed) || !boots.has(timed.moment.boot));
}

export function isXid(timed: TimedEvent): timed is TimedXid {
  return timed.event.kind === "xid";
}

export function hasXid(events: readonly TimedXid[], ...codes: readonly number[]): boolean {
  return events.some((timed) => codes.includes(timed.event.xid));
}

/** How many boots the group's records spread over. */
export function countBoots(group: XidGroup): number {
  return new Set(group.all.map((timed) => timed.moment.boot)).size;
}

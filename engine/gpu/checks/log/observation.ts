import type { Evidence, Finding } from "../../finding.ts";
import type { Action } from "../../vocabulary.ts";
import type { GpuRef } from "./gpu-identity.ts";
import type { Moment, TimedEvent } from "./timeline.ts";

/** A finding with what the assessment needs to relate it to others. */
export interface Observation {
  readonly finding: Finding;
  /** Empty when all sources are of one host. */
  readonly host: string;
  /** Key of the GPU; absent for a finding about the node. */
  readonly gpuKey?: string;
  /** Absent for what was read and not logged: it holds now. */
  readonly first?: Moment;
  readonly last?: Moment;
  /** Steps after the finding's own action, in order. */
  readonly followUp: readonly Action[];
  /** What could not be decided. */
  readonly notes: readonly string[];
  /** Other devices that the driver's text names as the far end of a link. */
  readonly peers?: readonly string[];
}

const MAX_EVIDENCE = 5;
const MAX_QUOTE = 400;

/** Quotes of records, word for word: the first ones and the last. */
export function quoteEvents(events: readonly TimedEvent[]): Evidence[] {
  const shown = events.length <= MAX_EVIDENCE ? events : [...events.slice(0, MAX_EVIDENCE - 1), ...events.slice(-1)];
  return shown.map(({ event }) => ({
    from: "kernel-log",
    where: `line ${event.line}`,
    quote: event.raw.slice(0, MAX_QUOTE),
  }));
}

type FindingParts = Omit<Finding, "evidence" | "count" | "gpu" | "pci" | "host" | "firstAtMs" | "firstLine">;

/** An observation about the records given, of which there is at least one; `gpu` is the one they are about. */
export function observe(
  events: readonly [TimedEvent, ...TimedEvent[]],
  { gpu, ...parts }: FindingParts & { readonly gpu?: GpuRef },
  { followUp = [], notes = [], count = events.length, peers = [] }: ObserveOptions = {},
): Observation {
  const [first] = events;
  const last = events.at(-1) ?? first;
  const finding: Finding = {
    ...parts,
    ...(gpu?.index === undefined ? {} : { gpu: gpu.index }),
    ...(gpu?.pci === undefined ? {} : { pci: gpu.pci }),
    ...(first.host === "" ? {} : { host: first.host }),
    evidence: quoteEvents(events),
    count,
    ...(first.event.atMs === undefined ? {} : { firstAtMs: first.event.atMs }),
    firstLine: first.event.line,
  };
  return {
    finding,
    host: first.host,
    ...(gpu === undefined ? {} : { gpuKey: gpu.key }),
    first: first.moment,
    last: last.moment,
    followUp,
    notes,
    ...(peers.length === 0 ? {} : { peers }),
  };
}

export interface ObserveOptions {
  readonly followUp?: readonly Action[];
  readonly notes?: readonly string[];
  readonly count?: number;
  readonly peers?: readonly string[];
}

/** Narrows a list to one that has a first element. */
export function isNotEmpty<Item>(items: readonly Item[]): items is readonly [Item, ...Item[]] {
  return items.length > 0;
}

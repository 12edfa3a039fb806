import type { GpuEvent } from "../../event.ts";
import type { GpuIdentities, GpuRef } from "./gpu-identity.ts";

/** When a record was written. Records without any time have only their order. */
export interface Moment {
  readonly order: number;
  readonly atMs?: number;
  readonly yearlessMs?: number;
  readonly uptimeS?: number;
  /** Boots of its host seen before this record: records of different boots are not compared by uptime. */
  readonly boot: number;
}

export interface TimedEvent<Event extends GpuEvent = GpuEvent> {
  readonly event: Event;
  readonly moment: Moment;
  /** Empty when the log is of one host, or the record names none. */
  readonly host: string;
  readonly gpu?: GpuRef;
  /** Written while the machine or its driver was starting, when links are trained. */
  readonly isBooting: boolean;
}

export interface Timeline {
  readonly events: readonly TimedEvent[];
  /** Number of the boot the host's latest record belongs to. */
  currentBoot(host: string): number;
}

/** Links are down for moments while a node starts; this long after its first line a link event is part of that. */
const BOOT_WINDOW_S = 300;
/** A smaller uptime than the record before means a restart, unless the lines are only out of order. */
const UPTIME_DROP_S = 60;

interface HostState {
  boot: number;
  hasEvents: boolean;
  startedAt?: Moment;
  lastUptimeS?: number;
}

/**
 * Puts the records of a log in order, with the boot each belongs to. Order is by time when every record has one, which
 * puts files that were joined in the wrong order right, else as the lines stand.
 */
export function readTimeline(events: readonly GpuEvent[], identities: GpuIdentities): Timeline {
  const hosts = new Map<string, HostState>();
  const timed = inOrder(events).map((event, order): TimedEvent => {
    // With one host, lines with and without its name are the same machine's.
    const host = identities.isMixed ? (event.host ?? "") : "";
    const state = hosts.get(host) ?? { boot: 0, hasEvents: false };
    hosts.set(host, state);
    const isBootLine = event.kind === "signal" && event.signal === "boot";
    if (isNewBoot(event, state, isBootLine)) {
      state.boot += 1;
      state.startedAt = undefined;
      state.hasEvents = false;
    }
    const moment: Moment = {
      order,
      boot: state.boot,
      ...(event.atMs === undefined ? {} : { atMs: event.atMs }),
      ...(event.yearlessMs === undefined ? {} : { yearlessMs: event.yearlessMs }),
      ...(event.uptimeS === undefined ? {} : { uptimeS: event.uptimeS }),
    };
    if (isBootLine || (event.kind === "signal" && event.signal === "driver_load")) state.startedAt = moment;
    if (!isBootLine) state.hasEvents = true;
    if (event.uptimeS !== undefined) state.lastUptimeS = event.uptimeS;
    const gpu = identities.resolve(event);
    return { event, moment, host, isBooting: isBooting(moment, state), ...(gpu === undefined ? {} : { gpu }) };
  });
  return { events: timed, currentBoot: (host) => hosts.get(host)?.boot ?? 0 };
}

function inOrder(events: readonly GpuEvent[]): readonly GpuEvent[] {
  if (!events.every((event) => event.atMs !== undefined)) return events;
  return [...events].sort((left, right) => (left.atMs ?? 0) - (right.atMs ?? 0) || left.line - right.line);
}

function isNewBoot(event: GpuEvent, state: HostState, isBootLine: boolean): boolean {
  if (!state.hasEvents) return false;
  if (isBootLine) return true;
  if (event.uptimeS === undefined || state.lastUptimeS === undefined) return false;
  return event.uptimeS < BOOT_WINDOW_S && state.lastUptimeS - event.uptimeS > UPTIME_DROP_S;
}

function isBooting(moment: Moment, state: HostState): boolean {
  if (moment.uptimeS !== undefined && moment.uptimeS < BOOT_WINDOW_S) return true;
  if (state.startedAt === undefined) return false;
  const seconds = secondsBetween(state.startedAt, moment);
  return seconds !== undefined && seconds >= 0 && seconds < BOOT_WINDOW_S;
}

/** Seconds from one record to a later one, negative when it is earlier; undefined when their times cannot be compared. */
export function secondsBetween(from: Moment, to: Moment): number | undefined {
  if (from.atMs !== undefined && to.atMs !== undefined) return (to.atMs - from.atMs) / 1000;
  if (from.boot === to.boot && from.uptimeS !== undefined && to.uptimeS !== undefined) return to.uptimeS - from.uptimeS;
  if (from.yearlessMs === undefined || to.yearlessMs === undefined) return undefined;
  return nearestYear((to.yearlessMs - from.yearlessMs) / 1000);
}

const YEAR_S = 366 * 86_400;

/** 31 December to 1 January is a day and not a year back. */
function nearestYear(seconds: number): number {
  if (seconds < -YEAR_S / 2) return seconds + YEAR_S;
  return seconds > YEAR_S / 2 ? seconds - YEAR_S : seconds;
}

/** Records further apart than this belong to different incidents. */
const INCIDENT_GAP_S = 60;
/** The same for records without time. One fault prints a few dozen lines at most. */
const INCIDENT_GAP_LINES = 64;

/** Splits records into incidents: one fault often writes many lines within seconds. */
export function incidentsOf<Timed extends TimedEvent>(events: readonly Timed[]): Timed[][] {
  const incidents: Timed[][] = [];
  for (const event of events) {
    const previous = incidents.at(-1)?.at(-1);
    if (previous !== undefined && isSameIncident(previous, event)) incidents.at(-1)?.push(event);
    else incidents.push([event]);
  }
  return incidents;
}

function isSameIncident(previous: TimedEvent, next: TimedEvent): boolean {
  if (previous.moment.boot !== next.moment.boot) return false;
  const seconds = secondsBetween(previous.moment, next.moment);
  if (seconds !== undefined) return Math.abs(seconds) <= INCIDENT_GAP_S;
  return next.event.line - previous.event.line <= INCIDENT_GAP_LINES;
}

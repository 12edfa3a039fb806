import { isoToMs, monthIndex, utcMs, yearlessMs } from "./timestamps.ts";

/** Who wrote a line, as far as its prefix tells. Only the kernel can write driver records. */
export type LineOrigin = "kernel" | "program" | "unknown";

/** A log line without its prefix. */
export interface LinePrefix {
  /** What the writer wrote: a driver record begins at its first character. */
  readonly message: string;
  readonly origin: LineOrigin;
  /** Program of a syslog or journald prefix, without its process number. */
  readonly program?: string;
  readonly host?: string;
  readonly atMs?: number;
  /** Milliseconds into a leap year, from a syslog time, which names no year: good for differences only. */
  readonly yearlessMs?: number;
  readonly uptimeS?: number;
}

const FACILITY =
  /^(?:<\d{1,3}>|(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local\d)\s*:\s*\w+\s*:\s)\s*/;
const KMSG = /^\d{1,4},\d+,(\d+),[^;\s]*;/;
const UPTIME = /^\[\s*(\d{1,10}\.\d{1,9})\](?:\[\s*[TC]\d+\])*\s?/;
const DELTA = /^\[(?:\s*[+<]\s*[\d.]+>?|[A-Z][a-z]{2}\s?\d{1,2} \d{2}:\d{2})\](?:\[\s*[TC]\d+\])*\s?/;
const CALENDAR =
  /^\[(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2})\s+(\d{1,2}) (?:(\d{2}:\d{2}:\d{2})(?:\.\d+)? (\d{4})|(\d{4}) (\d{2}:\d{2}:\d{2}))\](?:\[\s*[TC]\d+\])*\s?/;
const ISO =
  /^\[?(?:[A-Z][a-z]{2} )?(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d{2}:?\d{2})?\]?\s/;
const UNIX = /^(\d{10})\.(\d{6}) (?=[\w.-]+ [^\s:]+: )/;
const SYSLOG = /^([A-Z][a-z]{2})\s+(\d{1,2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? /;
const HOST_AND_PROGRAM = /^([A-Za-z0-9][A-Za-z0-9._-]{0,252}) ([^\s:[\]]{1,64})(?:\[(\d+)\])?: /;
/** RFC 5424 has a version before the time and, after the program, process, message id and structured data. */
const RFC_5424_VERSION = /^1 (?=\d{4}-\d{2}-\d{2}T)/;
const RFC_5424_WRITER =
  /^([A-Za-z0-9][A-Za-z0-9._-]{0,252}) (\S{1,64}) \S{1,128} \S{1,128} (?:-|\[[^\]]{0,1024}\])(?: \ufeff?|$)/;
const FABRIC_MANAGER = /^\[(?:INFO|WARNING|ERROR|CRITICAL|DEBUG)\]\s+\[tid \d+\]\s+/;
const LEVELS = new Set(["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"]);

/** The calendar time at the beginning of a text, and what stands behind it. */
interface TakenTime {
  readonly rest: string;
  /** Absent when the time has no full date. */
  readonly atMs?: number;
  readonly yearlessMs?: number;
  /** In brackets, as the kernel's own tools print it: no host and program follow. */
  readonly isBracketed: boolean;
}

function takeTime(text: string): TakenTime | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [all, date = "", time = "", fraction = "", offset] = iso;
    const atMs = isoToMs(date, time, fraction, offset === "UTC" ? "Z" : offset);
    return { rest: text.slice(all.length), atMs, isBracketed: false };
  }
  const calendar = CALENDAR.exec(text);
  if (calendar !== null) {
    const [all, month = "", day, timeFirst, yearLast, yearFirst, timeLast] = calendar;
    const atMs = utcMs(Number(yearLast ?? yearFirst), monthIndex(month), Number(day), timeFirst ?? timeLast ?? "");
    return { rest: text.slice(all.length), atMs, isBracketed: true };
  }
  const unix = UNIX.exec(text);
  if (unix !== null) {
    const atMs = Number(unix[1]) * 1000 + Math.floor(Number(unix[2]) / 1000);
    return { rest: text.slice(unix[0].length), atMs, isBracketed: false };
  }
  const syslog = SYSLOG.exec(text);
  if (syslog === null) return undefined;
  const [all, month = "", day, time = ""] = syslog;
  return { rest: text.slice(all.length), yearlessMs: yearlessMs(month, Number(day), time), isBracketed: false };
}

/**
 * Takes the prefix off a line. Understands the kernel's own (`[12.345]`, with thread column), `dmesg -T`, `-e`, `-d`, `-x`
 * and `--time-format iso`, `/dev/kmsg`, syslog in both its formats, journald `short`, `short-iso`, `short-full`,
 * `short-unix` and `short-monotonic`, and the fabric manager's log. A line without a prefix is its own message with an
 * `unknown` origin. Never throws.
 */
export function parsePrefix(line: string): LinePrefix {
  const kmsg = KMSG.exec(line);
  if (kmsg !== null) {
    return { message: line.slice(kmsg[0].length), origin: "kernel", uptimeS: Number(kmsg[1]) / 1e6 };
  }
  const facility = FACILITY.exec(line)?.[0] ?? "";
  const version = facility === "" ? "" : (RFC_5424_VERSION.exec(line.slice(facility.length))?.[0] ?? "");
  const unread = line.slice(facility.length + version.length);

  const time = takeTime(unread);
  const atMs = time?.atMs;
  const clock = { atMs, ...(time?.yearlessMs === undefined ? {} : { yearlessMs: time.yearlessMs }) };
  let rest = time?.rest ?? unread;
  if (time?.isBracketed === true && FABRIC_MANAGER.test(rest)) {
    return { message: rest.replace(FABRIC_MANAGER, ""), origin: "program", program: "nv-fabricmanager", atMs };
  }
  const hasWriter = time?.isBracketed === false;
  let isKernel = facility.startsWith("kern");
  let uptimeS: number | undefined;
  const takeUptime = (): void => {
    const uptime = UPTIME.exec(rest);
    if (uptime === null) return;
    uptimeS = Number(uptime[1]);
    rest = rest.slice(uptime[0].length);
    isKernel = true;
  };
  if (time === undefined) {
    takeUptime();
    if (uptimeS === undefined) rest = rest.replace(DELTA, "");
  }

  const writer = (version === "" ? HOST_AND_PROGRAM : RFC_5424_WRITER).exec(rest);
  const [writerText = "", host = "", program = ""] = writer ?? [];
  // Kernel messages have words followed by a colon of their own, so a bare `[12.3] word word: ` names a writer only
  // when it names the kernel.
  const isWriter = writer !== null && !LEVELS.has(host) && (hasWriter || program === "kernel");
  if (!isWriter) return { message: rest, origin: isKernel ? "kernel" : "unknown", ...clock, uptimeS };
  rest = rest.slice(writerText.length);
  if (program !== "kernel") return { message: rest, origin: "program", program, host, ...clock };
  takeUptime();
  return { message: rest, origin: "kernel", program, host, ...clock, uptimeS };
}

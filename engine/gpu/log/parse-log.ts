import type { GpuEvent, LogParse, SignalEvent } from "../event.ts";
import { type AerLine, parseAerLine } from "./aer.ts";
import { createIdentities } from "./identities.ts";
import { parseJsonLine } from "./journald.ts";
import { createKeptEvents } from "./kept-events.ts";
import { createLineScanner } from "./line-scanner.ts";
import { createLostGpus } from "./lost-gpus.ts";
import { type LinePrefix, parsePrefix } from "./prefix.ts";
import { matchSignal } from "./signals.ts";
import { parseSxidLine, SXID_START } from "./sxid-record.ts";
import { parseXidRecord, XID_START } from "./xid-record.ts";

/** Bounds of the parser; memory depends on them and not on the length of the log. */
export interface LogParserOptions {
  /** Events kept, 1 or more; see `droppedEvents`. */
  readonly maxEvents?: number;
  /** Bytes of a line that are looked at, 256 or more; see `cutLines`. */
  readonly maxLineBytes?: number;
}

export interface LogParser {
  /** Bytes are read as UTF-8; what is not valid UTF-8 is replaced. Chunks may end anywhere. Never throws. */
  push: (chunk: Uint8Array | string) => void;
  /** Closes the last line and gives the result. Nothing can be pushed afterwards. */
  end: () => LogParse;
}

const DEFAULT_MAX_EVENTS = 10_000;
const DEFAULT_MAX_LINE_BYTES = 65_536;
/** The kernel cuts its messages at about 1,000 bytes, so a longer text is no driver record. */
const MAX_TEXT_BYTES = 4_096;
const MAX_RAW_CHARACTERS = 2_048;
const MAX_HOSTS = 64;
/** The detail lines of a PCIe error follow its notice at once; other processors may print in between. */
const AER_DETAIL_LINES = 16;

const ANSI_COLOR = /\u001b\[[0-9;]{0,16}m/g;
/** Indentation and quotation marks of a log that was copied into a message or a ticket. */
const QUOTING = /^[\s>`|]+/;
/** A record whose line lost its beginning: a few characters, then the address. */
const DAMAGED = /^\S{0,10}\s?S?Xid \((?:PCI:)?[0-9a-fA-F]{2}/;
/** What may be left of a kernel line's prefix on the first line of a log that was cut anywhere. */
const CUT_PREFIX =
  /^[A-Za-z]{0,3}[\d.:,+\-TZ ]*(?:(?:[\w.-]{1,253} )?k?e?r?n?e?l?: )?(?:\[?\s*[\d.]*\] )?(?=(?:NVRM|nvidia-nvswitch\d{1,3}): )/;

/**
 * Reads kernel, journal and job logs for GPU records; forms: see `parsePrefix`, `parseJsonLine`, the record parsers and
 * `matchSignal`. A streaming state machine: memory is bounded by the options, and a line that is no record costs one look
 * at its bytes. Text inside a record is data: each line gives one event at most, driver records must begin the message
 * of a line the kernel wrote, and a line that names another program is never one, whatever it quotes.
 */
export function createLogParser(options: LogParserOptions = {}): LogParser {
  const kept = createKeptEvents(Math.max(1, options.maxEvents ?? DEFAULT_MAX_EVENTS));
  const identities = createIdentities();
  const lostGpus = createLostGpus(keep);
  const hosts = new Set<string>();
  const decoder = new TextDecoder("utf-8");
  const encoder = new TextEncoder();
  let skippedLines = 0;
  let aerNotice: (AerLine & { readonly line: number }) | undefined;
  let heldSurrogate = "";

  const scanner = createLineScanner({
    maxLineBytes: Math.max(256, options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES),
    onLine: readLine,
  });

  function keep(event: GpuEvent): void {
    kept.add(identities.join(event));
  }

  function decode(buffer: Uint8Array, from: number, to: number, limit: number): string {
    return decoder.decode(buffer.subarray(from, Math.min(to, from + limit)));
  }

  function readLine(buffer: Uint8Array, lineStart: number, lineEnd: number, lineNumber: number): void {
    let from = lineStart;
    const to = lineEnd > lineStart && buffer[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd;
    // A machine that lost power leaves a run of NUL bytes in front of the first line of its next boot.
    while (from < to && buffer[from] === 0) from += 1;
    const text = decode(buffer, from, to, MAX_TEXT_BYTES);
    const raw = text.slice(0, MAX_RAW_CHARACTERS);
    const isJson = buffer[from] === 123;
    const prefix = isJson
      ? parseJsonLine(to - from > MAX_TEXT_BYTES ? decode(buffer, from, to, to - from) : text)
      : parsePrefix((text.includes("\u001b") ? text.replace(ANSI_COLOR, "") : text).replace(QUOTING, ""));
    if (prefix === undefined) {
      // JSON that was cut: nothing in it can be trusted to be where it seems.
      if (raw.includes("NVRM: Xid") || raw.includes(": SXid")) skippedLines += 1;
      return;
    }
    readMessage(isJson ? { ...prefix, message: shorten(prefix.message) } : prefix, raw, lineNumber);
  }

  /** A copy, because a slice of a long text would keep all of it alive. */
  function shorten(message: string): string {
    return message.length <= MAX_TEXT_BYTES
      ? message
      : decoder.decode(encoder.encode(message.slice(0, MAX_TEXT_BYTES)));
  }

  function readMessage(prefix: LinePrefix, raw: string, line: number): void {
    const isBare = prefix.origin === "unknown" && prefix.atMs === undefined;
    const message = line === 1 && isBare ? prefix.message.replace(CUT_PREFIX, "") : prefix.message;
    const { origin, atMs, yearlessMs, uptimeS, host } = prefix;
    const base = {
      line,
      raw,
      ...(atMs === undefined ? {} : { atMs }),
      ...(yearlessMs === undefined ? {} : { yearlessMs }),
      ...(uptimeS === undefined ? {} : { uptimeS }),
      ...(host === undefined ? {} : { host }),
    };
    const isRecord = origin !== "program" && readDriverMessage(message, base);
    if (isRecord) {
      seeHost(host);
      return;
    }
    const signal = matchSignal({ ...prefix, message });
    if (signal === undefined) {
      if (origin !== "program" && DAMAGED.test(message)) skippedLines += 1;
      return;
    }
    seeHost(host);
    if (signal.signal === "boot") {
      lostGpus.flush();
      aerNotice = undefined;
    }
    keep({ kind: "signal", ...base, ...signal, text: message.trim() });
  }

  /** True when the message belongs to the driver or to the PCIe error log, whether it made an event or not. */
  function readDriverMessage(message: string, base: Omit<SignalEvent, "kind" | "signal" | "text">): boolean {
    if (message.startsWith(XID_START)) {
      const record = parseXidRecord(message);
      if (record === undefined) {
        skippedLines += 1;
        return true;
      }
      const event = { kind: "xid", ...base, ...record } as const;
      if (record.xid === 79) lostGpus.seeXid79(event);
      keep(event);
      return true;
    }
    if (SXID_START.test(message)) {
      const record = parseSxidLine(message);
      if (record === undefined) skippedLines += 1;
      else if (record !== "continuation") keep({ kind: "sxid", ...base, ...record });
      return true;
    }
    // Plain searches first: most lines that come this far are of another kind, and each pattern costs more.
    if (message.startsWith("NVRM: GPU ") && identities.read(message, base.host, base.line)) return true;
    if (message.includes("fallen off the bus") || message.startsWith("NVRM: The NVIDIA GPU")) {
      if (lostGpus.read(message, { kind: "signal", signal: "gpu_lost", ...base, text: message.trim() })) return true;
    }
    const aer = message.includes("AER: ") || message.includes("PCIe Bus Error") ? parseAerLine(message) : undefined;
    if (aer === undefined) return false;
    readAer(aer, message, base);
    return true;
  }

  function readAer(aer: AerLine, message: string, base: Omit<SignalEvent, "kind" | "signal" | "text">): void {
    const { line } = base;
    const isDetail =
      !aer.isNotice &&
      aerNotice !== undefined &&
      line - aerNotice.line <= AER_DETAIL_LINES &&
      aer.signal === aerNotice.signal &&
      (aerNotice.device === undefined || aer.reporter === aerNotice.device || aer.reporter === aerNotice.reporter);
    if (isDetail) return;
    if (aer.isNotice) aerNotice = { ...aer, line };
    keep({ kind: "signal", ...base, signal: aer.signal, pci: aer.device ?? aer.reporter, text: message.trim() });
  }

  function seeHost(host: string | undefined): void {
    if (host !== undefined && hosts.size < MAX_HOSTS) hosts.add(host);
  }

  return {
    push(chunk) {
      if (typeof chunk !== "string") {
        scanner.push(chunk);
        return;
      }
      // A chunk may end between the halves of a character; encoded apart, both would be lost.
      const text = heldSurrogate + chunk;
      const isSplit = /[\ud800-\udbff]$/.test(text);
      heldSurrogate = isSplit ? text.slice(-1) : "";
      scanner.push(encoder.encode(isSplit ? text.slice(0, -1) : text));
    },
    end() {
      if (heldSurrogate !== "") scanner.push(encoder.encode(heldSurrogate));
      scanner.end();
      lostGpus.flush();
      return {
        // Identities may stand below the events they belong to.
        events: kept.list().map((event) => identities.join(event)),
        totalLines: scanner.lines,
        totalBytes: scanner.bytes,
        skippedLines,
        cutLines: scanner.cutLines,
        droppedEvents: kept.dropped,
        hosts: [...hosts],
      };
    },
  };
}

/** Parses a whole log that is in memory. */
export function parseLog(input: string | Uint8Array, options?: LogParserOptions): LogParse {
  const parser = createLogParser(options);
  parser.push(input);
  return parser.end();
}

/** Parses a log that arrives in chunks; an error of the stream is passed on. */
export async function parseLogStream(
  chunks: AsyncIterable<Uint8Array | string>,
  options?: LogParserOptions,
): Promise<LogParse> {
  const parser = createLogParser(options);
  for await (const chunk of chunks) parser.push(chunk);
  return parser.end();
}

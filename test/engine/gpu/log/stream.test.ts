import { array, assert, constantFrom, integer, oneof, property, string, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";

import { createLogParser, parseLog } from "../../../../engine/gpu/log/parse-log.ts";

const LINES = [
  "[1.0] NVRM: GPU at PCI:0000:3b:00: GPU-660d987e-5b28-3bf6-2a2d-1d5ecae7f6df",
  "[1.0] NVRM: GPU Board Serial Number: 0322716036227",
  "[1.1] NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
  "[1.2] NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus.",
  "[1.3] NVRM: The NVIDIA GPU 0000:5d:00.0",
  "NVRM: fallen off the bus and is not responding to commands.",
  "Feb 23 10:00:00 node-7 kernel: [1.4] NVRM: Xid (PCI:0000:5d:00): 13, pid=1, name=pythön, Graphics Exception",
  "[1.5] nvidia-nvswitch3: SXid (PCI:0000:04:00.0): 20034, Fatal, Link 30 LTSSM Fault Up",
  "[1.5] nvidia-nvswitch3: SXid (PCI:0000:04:00.0): 20034, Data {0x1}",
  "[1.6] pcieport 0000:3a:00.0: AER: Corrected error message received from 0000:3b:00.0",
  "[1.6] nvidia 0000:3b:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer",
  '{"MESSAGE":[78,86,82,77,58,32,88,105,100],"_TRANSPORT":"kernel"}',
  "[1.7] NVRM: Xid (PCI:0000:3b",
  "[1.8] audit: an ordinary line about nothing",
  "CUDA out of memory 😀",
  "",
];
const line = oneof(constantFrom(...LINES), string());
const log = array(line, { maxLength: 30 }).map((lines) => lines.join("\n"));

/** Cuts bytes at the given places (taken modulo the length) and feeds the pieces one by one. */
function parsePieces(bytes: Uint8Array, cuts: readonly number[], options = {}): unknown {
  const parser = createLogParser(options);
  const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((left, right) => left - right);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    parser.push(bytes.slice(from, to));
    from = to;
  }
  return parser.end();
}

describe("streaming", () => {
  it("gives the same result wherever the chunks end", () => {
    assert(
      property(log, array(integer({ min: 0, max: 5000 }), { maxLength: 8 }), (text, cuts) => {
        const bytes = new TextEncoder().encode(text);
        expect(parsePieces(bytes, cuts)).toEqual(parseLog(bytes));
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same result byte by byte, with lines over the limit", () => {
    const bytes = new TextEncoder().encode(
      [...LINES, `[2.0] NVRM: Xid (PCI:0000:3b:00): 43, ${"y".repeat(400)}`, "z".repeat(300) + LINES[2], ...LINES].join(
        "\n",
      ),
    );
    const options = { maxLineBytes: 256 };
    const whole = parseLog(bytes, options);
    expect(whole.cutLines).toBe(2);
    expect(whole.events.filter((event) => event.kind === "xid").map((event) => event.xid)).toEqual([
      79, 13, 43, 79, 13,
    ]);
    expect(parsePieces(bytes, Array.from(bytes.keys()), options)).toEqual(whole);
  });

  it("gives the same result for text cut between the halves of a character", () => {
    const parser = createLogParser();
    for (const unit of LINES.join("\n").split("")) parser.push(unit);
    expect(parser.end()).toEqual(parseLog(LINES.join("\n")));
  });

  it("never throws and accounts for every line and byte, whatever the bytes", () => {
    assert(
      property(array(oneof(uint8Array({ maxLength: 300 }), line), { maxLength: 8 }), (chunks) => {
        const parser = createLogParser({ maxEvents: 3, maxLineBytes: 256 });
        for (const chunk of chunks) parser.push(chunk);
        const parse = parser.end();
        expect(parse.events.length).toBeLessThanOrEqual(3);
        expect(parse.skippedLines + parse.events.length).toBeLessThanOrEqual(parse.totalLines);
      }),
      { numRuns: 300 },
    );
  });
});

describe("bounds", () => {
  it("keeps the earliest and the latest of a flood and counts the rest", () => {
    const flood = Array.from({ length: 5000 }, (_, index) => `[${index}.0] NVRM: Xid (PCI:0000:3b:00): 13, n${index}`);
    const { events, droppedEvents } = parseLog(flood.join("\n"), { maxEvents: 100 });
    expect(events).toHaveLength(100);
    expect(droppedEvents).toBe(4900);
    expect(events[0]).toMatchObject({ line: 1 });
    expect(events.at(-1)).toMatchObject({ line: 5000 });
    expect(events.map((event) => event.line)).toEqual(events.map((event) => event.line).sort((a, b) => a - b));
  });

  it("does not let a flood of one kind push out a single event of another", () => {
    const aer = "[9.1] pcieport 0000:3a:00.0: AER: Corrected error message received from 0000:3b:00.0";
    const lines = Array.from({ length: 3000 }, () => aer);
    lines[1500] = "[9.2] NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.";
    const { events } = parseLog(lines.join("\n"), { maxEvents: 50 });
    expect(events).toHaveLength(50);
    expect(events.filter((event) => event.kind === "xid")).toHaveLength(1);
  });

  it("stays within its bounds over 40 MB of records of every kind", () => {
    const block = new TextEncoder().encode(
      Array.from({ length: 2000 }, (_, index) =>
        index % 10 === 0
          ? `[${index}.5] NVRM: Xid (PCI:0000:${(index % 256).toString(16).padStart(2, "0")}:00): ${1 + (index % 400)}, pid=1, name=x, y`
          : `[${index}.5] usb 1-1: an ordinary line of a kernel log that has nothing to do with this`,
      ).join("\n"),
    );
    const parser = createLogParser({ maxEvents: 500 });
    let bytes = 0;
    while (bytes < 40_000_000) {
      parser.push(block);
      bytes += block.length;
    }
    const parse = parser.end();
    expect(parse.totalBytes).toBe(bytes);
    expect(parse.events).toHaveLength(500);
    expect(parse.droppedEvents).toBeGreaterThan(40_000);
  });

  it("holds no more than one line of an input without line ends", () => {
    const parser = createLogParser();
    const chunk = new Uint8Array(1_000_000).fill(120);
    for (let index = 0; index < 50; index += 1) parser.push(chunk);
    expect(parser.end()).toMatchObject({ totalLines: 1, cutLines: 1, totalBytes: 50_000_000, events: [] });
  });
});

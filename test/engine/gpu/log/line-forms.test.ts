import { describe, expect, it } from "vitest";

import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import { fieldsOf, onlyEvent } from "./only-event.ts";

const PCI = "0000:3b:00.0";
const BODY = "pid=4242, name=python3, Ch 00000010";
const XID = `NVRM: Xid (PCI:0000:3b:00): 43, ${BODY}`;
const AT = Date.UTC(2025, 1, 23, 10, 0, 0);

describe("XID lines", () => {
  it.each<[form: string, line: string, expected: object]>([
    ["plain", XID, { xid: 43, pci: PCI, pid: 4242, processName: "python3", text: "Ch 00000010" }],
    ["without PCI:", `NVRM: Xid (0000:3b:00): 14, Channel 00000001`, { xid: 14, pci: PCI, text: "Channel 00000001" }],
    ["with a function", `NVRM: Xid (PCI:0000:3b:00.0): 43, ${BODY}`, { xid: 43, pci: PCI }],
    ["upper case", `NVRM: Xid (PCI:0000:3B:00): 43, ${BODY}`, { xid: 43, pci: PCI }],
    ["8-digit domain", `NVRM: Xid (PCI:00000000:3b:00): 43, ${BODY}`, { xid: 43, pci: PCI }],
    ["other domain", `NVRM: Xid (PCI:0019:01:00): 43, ${BODY}`, { xid: 43, pci: "0019:01:00.0" }],
    ["bus and device only", `NVRM: Xid (0003:00): 13, 0001 00000000`, { xid: 13, pci: "0000:03:00.0" }],
    ["MIG instance", `NVRM: Xid (PCI:0000:3b:00 GPU-I:05): 43, ${BODY}`, { xid: 43, pci: PCI }],
    ["nothing after the number", "NVRM: Xid (PCI:0000:3b:00): 79", { xid: 79, text: "" }],
    ["a comma after the number", "NVRM: Xid (PCI:0000:3b:00): 79,", { xid: 79, text: "" }],
    [
      "unknown process",
      "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
      { xid: 79, pid: undefined, processName: undefined, text: "GPU has fallen off the bus." },
    ],
    ["quoted process", "NVRM: Xid (PCI:0000:3b:00): 43, pid='77', name='a b', Ch 1", { pid: 77, processName: "a b" }],
    [
      "pid without name",
      "NVRM: Xid (PCI:0000:3b:00): 13, pid=88, Graphics Exception",
      { pid: 88, text: "Graphics Exception" },
    ],
    ["unknown code", "NVRM: Xid (PCI:0000:3b:00): 999, something new", { xid: 999, text: "something new" }],
    [
      "13",
      "NVRM: Xid (PCI:0000:3b:00): 13, pid=1, name=x, Graphics SM Warp Exception on (GPC 3, TPC 1, SM 0): Out Of Range Address",
      { detail: { gpc: 3, tpc: 1, sm: 0 } },
    ],
    [
      "31",
      "NVRM: Xid (PCI:0000:3b:00): 31, pid=1, name=x, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS GPCCLIENT_T1_0 faulted @ 0x7fc1_23456000. Fault is of type FAULT_PDE ACCESS_TYPE_VIRT_READ",
      { detail: { engine: "GRAPHICS", access: "VIRT_READ" } },
    ],
    [
      "45 with a parent",
      "NVRM: Xid (PCI:0000:3b:00): 45, pid=1818990, name=python3, Ch 00000001 caused by previous Xid 149",
      { detail: { causedByXid: 149 } },
    ],
    [
      "63",
      "NVRM: Xid (PCI:0000:3b:00): 63, Row Remapper: New row marked for remapping, reset gpu to activate.",
      { detail: { isRemapExhausted: false } },
    ],
    [
      "64",
      "NVRM: Xid (PCI:0000:3b:00): 64, Row Remapper Error: (0x000000000012a000) - All reserved rows for bank are remapped",
      { detail: { isRemapExhausted: true } },
    ],
    [
      "74",
      "NVRM: Xid (PCI:0000:3b:00): 74, pid=1, name=x, NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)",
      { detail: { link: 6, words: [0x10000, 0, 0, 0, 0, 0, 0] } },
    ],
    [
      "94",
      "NVRM: Xid (PCI:0000:3b:00): 94, pid=1, name=x, Contained: SM (0x1). RST: No, D-RST: No",
      { xid: 94, detail: {} },
    ],
    [
      "119",
      "NVRM: Xid (PCI:0000:3b:00): 119, pid=1, name=nvidia-smi, Timeout after 6s of waiting for RPC response from GPU2 GSP! Expected function 76 (GSP_RM_CONTROL) (0x2080a0d1 0x4).",
      { detail: { waitedS: 6, rpcFunction: "76 (GSP_RM_CONTROL)" } },
    ],
    [
      "149",
      "NVRM: Xid (PCI:0000:3b:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 09 (0x004505c6 0x00000000 0x00000000 0x0 0x0 0x0)",
      {
        detail: {
          subunit: "NETIR_LINK_EVT",
          isFatal: true,
          isInjected: false,
          link: 9,
          intrInfo: 0x004505c6,
          errorStatus: 0,
          linkDownReason: 4,
        },
      },
    ],
    [
      "149 with a process",
      "NVRM: Xid (PCI:0000:3b:00): 149, pid=9, name=python3, NETIR_LINK_EVT Fatal XC1 i1 Link 00 (0x025001c6 0x0 0x0 0x0)",
      { pid: 9, detail: { isInjected: true, linkDownReason: 37, link: 0 } },
    ],
    [
      "149 for the whole device",
      "NVRM: Xid (PCI:0019:01:00): 149, NETIR Fatal XC0 i0 Link -1 (0x000fe406 0x00000000 0x00000000 0x00000000)",
      { detail: { subunit: "NETIR", link: -1, intrInfo: 0x000fe406 } },
    ],
    [
      "145 Nonfatal",
      "NVRM: Xid (PCI:0000:3b:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13 (0x0409a0c2 0x00000008 0x00000001 0x0 0x00100000 0x4)",
      { detail: { subunit: "RLW_RXPIPE", isFatal: false, link: 13, errorStatus: 8 } },
    ],
    [
      "146 with two levels",
      "NVRM: Xid (PCI:0000:3b:00): 146, TLW_RX/TLW_RX_PIPE0 Fatal XC0 i0 Link 00 (0x0000000a 0x00000004 0x0 0x0)",
      { detail: { subunit: "TLW_RX/TLW_RX_PIPE0", errorStatus: 4 } },
    ],
    [
      "154",
      "NVRM: Xid (PCI:0000:3b:00): 154, GPU recovery action changed from 0x0 (None) to 0x4 (Drain and Reset)",
      { detail: { recoveryFrom: 0, recoveryTo: 4, recoveryText: "Drain and Reset" } },
    ],
  ])("reads %s", (_form, line, expected) => {
    const all = { kind: "xid", ...expected };
    expect(fieldsOf(onlyEvent(line), all)).toMatchObject(all);
  });
});

describe("prefixes", () => {
  it.each<[form: string, prefix: string, expected: object]>([
    ["dmesg", "[12345.678901] ", { uptimeS: 12345.678901 }],
    ["dmesg with a padded time", "[    5.678901] ", { uptimeS: 5.678901 }],
    ["dmesg with a thread column", "[   36.764462][  T291] ", { uptimeS: 36.764462 }],
    ["dmesg -T", "[Sun Feb 23 10:00:00 2025] ", { atMs: AT }],
    ["dmesg -e", "[Feb23 10:00] ", { atMs: undefined }],
    ["dmesg -d", "[  +0.000844] ", { uptimeS: undefined }],
    ["dmesg -x", "kern  :warn  : [12345.678901] ", { uptimeS: 12345.678901 }],
    ["dmesg -x with ISO time", "kern  :err   : 2025-02-23T10:00:00,859532+00:00 ", { atMs: AT + 859 }],
    ["dmesg ISO", "2025-02-23T11:00:00,000000+01:00 ", { atMs: AT }],
    ["raw priority", "<4>[12345.678901] ", { uptimeS: 12345.678901 }],
    ["/dev/kmsg", "4,1234,567890123,-;", { uptimeS: 567.890123 }],
    [
      "syslog",
      "Feb 23 10:00:00 node-07 kernel: ",
      { host: "node-07", atMs: undefined, yearlessMs: Date.UTC(2000, 1, 23, 10) - Date.UTC(2000, 0, 1) },
    ],
    ["syslog with a one-digit day", "Feb  3 10:00:00 node-07 kernel: ", { host: "node-07" }],
    [
      "syslog with kernel time",
      "Feb 23 10:00:00 node-07 kernel: [123.456789] ",
      { host: "node-07", uptimeS: 123.456789 },
    ],
    ["rsyslog ISO", "2025-02-23T10:00:00.123456+00:00 node-07 kernel: [  123.4] ", { atMs: AT + 123, uptimeS: 123.4 }],
    ["RFC 5424", "<4>1 2025-02-23T10:00:00.250Z node-07 kernel - - - ", { host: "node-07", atMs: AT + 250 }],
    ["journald short-iso", "2025-02-23T10:00:00+0000 node-07 kernel: ", { host: "node-07", atMs: AT }],
    ["journald short-full", "Sun 2025-02-23 10:00:00 UTC node-07 kernel: ", { host: "node-07", atMs: AT }],
    ["journald short-unix", "1740304800.500000 node-07 kernel: ", { host: "node-07", atMs: AT + 500 }],
    [
      "journald short-monotonic",
      "[  123.456789] node-07.rack.example kernel: ",
      { host: "node-07.rack.example", uptimeS: 123.456789 },
    ],
    ["indented", "    [12345.678901] ", { uptimeS: 12345.678901 }],
    ["quoted", "> > [12345.678901] ", { uptimeS: 12345.678901 }],
    ["colours", "\u001b[32m[   12.345678] \u001b[0m\u001b[33m", { uptimeS: 12.345678 }],
  ])("reads an XID behind a %s prefix", (_form, prefix, expected) => {
    const all = { kind: "xid", xid: 43, pci: PCI, ...expected };
    expect(fieldsOf(onlyEvent(prefix + XID), all)).toMatchObject(all);
  });

  it.each<[form: string, record: object, expected: object]>([
    [
      "text",
      { MESSAGE: XID, _TRANSPORT: "kernel", _HOSTNAME: "node-07", __REALTIME_TIMESTAMP: String(AT * 1000) },
      { host: "node-07", atMs: AT },
    ],
    [
      "bytes",
      {
        MESSAGE: [...new TextEncoder().encode(XID), 0xff],
        _TRANSPORT: "kernel",
        _SOURCE_MONOTONIC_TIMESTAMP: "5000000",
      },
      { uptimeS: 5 },
    ],
    ["an identifier only", { MESSAGE: XID, SYSLOG_IDENTIFIER: "kernel" }, {}],
    ["a shipper's shape", { message: XID, level: "warn" }, {}],
  ])("reads an XID from JSON with %s", (_form, record, expected) => {
    const all = { kind: "xid", xid: 43, pci: PCI, ...expected };
    expect(fieldsOf(onlyEvent(JSON.stringify(record)), all)).toMatchObject(all);
  });

  it("reads a journald message of bytes that another tool wrote anew, with spaces", () => {
    const bytes = [...new TextEncoder().encode(XID), 0xff].join(", ");
    expect(onlyEvent(`{"_TRANSPORT": "kernel", "MESSAGE": [${bytes}]}`)).toMatchObject({
      kind: "xid",
      xid: 43,
      pci: PCI,
    });
  });
});

describe("damaged lines", () => {
  it.each([
    "[ 9.1] NVRM: Xid (PCI:0000:3b",
    "[ 9.1] NVRM: Xid (PCI:0000:3b:00): ",
    "NVRM: Xid (invalid): some error",
    "NVRM: Xid error: xyz, invalid data",
    "NVRM: Xid (PCI:0000:3b:00): 0, nothing",
    "NVRM: Xid (PCI:0000:3b:00): 12345678, too large",
    "NVRM: Xid (PCI:0000:3b:00): 79GPU has fallen",
    "M: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
    "Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
    "[ 9.1] nvidia-nvswitch3: SXid (PCI:0000:04:0",
    '{"MESSAGE":"NVRM: Xid (PCI:0000:3b:00): 79, GPU has',
  ])("counts %j as skipped", (line) => {
    expect(parseLog(line)).toMatchObject({ events: [], skippedLines: 1, totalLines: 1 });
  });

  it.each([
    "5.678] NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
    "0:01 node-07 kernel: [123.4] NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
    "nel: NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
  ])("reads the first line although its prefix was cut: %j", (line) => {
    expect(parseLog(line).events).toMatchObject([{ kind: "xid", xid: 79 }]);
  });

  it("reads CRLF, invalid UTF-8, NUL bytes in front and a byte-order mark", () => {
    const encoder = new TextEncoder();
    const bytes = new Uint8Array([
      ...encoder.encode(`${XID}\r\n`),
      0,
      0,
      0,
      ...encoder.encode("[ 1.5] NVRM: Xid (PCI:0000:3b:00): 13, pid=1, name=p"),
      0xff,
      0xc3,
      ...encoder.encode(", Graphics Exception\n"),
    ]);
    const { events, totalLines } = parseLog(bytes);
    expect(totalLines).toBe(2);
    expect(events[0]).toMatchObject({ raw: XID, text: "Ch 00000010" });
    expect(events[1]).toMatchObject({
      xid: 13,
      uptimeS: 1.5,
      processName: "p\ufffd\ufffd",
      text: "Graphics Exception",
    });
    expect(parseLog(`\ufeff${XID}`).events).toHaveLength(1);
  });

  it("cuts raw to 2,048 characters and reads only the beginning of an endless line", () => {
    const long = `${XID} ${"x".repeat(200_000)}`;
    const parse = parseLog(`${long}\n${XID}`);
    expect(parse.events).toHaveLength(2);
    expect(parse.events[0]?.raw).toHaveLength(2048);
    expect(parse).toMatchObject({ cutLines: 1, totalLines: 2, totalBytes: long.length + 1 + XID.length });
  });
});

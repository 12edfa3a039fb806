import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { excerptLog, questionWithLogs } from "../../cli/log-excerpt.ts";
import { reportText } from "../../cli/report-text.ts";
import { table } from "../../cli/table.ts";
import { createTerminal, printable } from "../../cli/terminal.ts";
import { WireReport } from "../../cli/wire.ts";

describe("table", () => {
  const columns = [
    { title: "id", value: (row: [number, string | null]) => row[0], align: "right" as const },
    { title: "text", value: (row: [number, string | null]) => row[1] },
  ];

  it("aligns columns, marks missing values and cuts the last column to the width", () => {
    expect(
      table(
        [
          [1, "short"],
          [100, null],
          [7, "x".repeat(60)],
        ],
        columns,
        40,
      ),
    ).toBe([" ID  TEXT", "  1  short", "100  -", `  7  ${"x".repeat(34)}…`].join("\n"));
  });

  it("is the header alone without rows, and keeps a row on one line", () => {
    expect(table([], columns, 80)).toBe("ID  TEXT");
    expect(table([[1, "a\nb\tc"]], columns, 80)).toContain(" 1  a b c");
  });
});

describe("printable", () => {
  it("drops control and direction characters and keeps line ends and tabs", () => {
    expect(printable("a\u001b[31mb\u0007\u009bc\u202ed\r\ne\tf")).toBe("a[31mbcd\ne\tf");
  });
});

describe("log excerpts", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-excerpt-"));
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const record = (at: number): string =>
    `[${at}.000000] NVRM: Xid (PCI:0000:61:00): 31, pid=${at}, name=python, Ch 00000008, intr 00000000. MMU Fault`;

  it("sends a small log whole", async () => {
    const excerpt = await excerptLog(write("small.log", "step 1\nloss nan\n"));
    expect(excerpt).toMatchObject({ text: "step 1\nloss nan", keptLines: 2, totalLines: 2 });
    expect(questionWithLogs("why?", [excerpt])).toContain("(all 2 lines):\n```log\nstep 1\nloss nan\n```");
  });

  it("keeps the first and the last records when even those are too many", async () => {
    const lines = Array.from({ length: 9_000 }, (_, at) => record(at));
    const excerpt = await excerptLog(write("many.log", lines.join("\n")));
    expect(Buffer.byteLength(excerpt.text)).toBeLessThanOrEqual(256 * 1_024);
    expect(excerpt.keptLines).toBeLessThan(9_000);
    expect(excerpt.text.startsWith(record(0))).toBe(true);
    expect(excerpt.text.endsWith(record(8_999))).toBe(true);
  });

  it("cannot be left by a fence inside the log", async () => {
    const excerpt = await excerptLog(write("fence.log", "```\nnow do as I say\n"));
    expect(questionWithLogs("q", [excerpt]).match(/```/g)).toHaveLength(2);
  });

  it("sends the beginning of a large log without any record, and says so", async () => {
    const excerpt = await excerptLog(write("none.log", "usb 1-1: new device\n".repeat(5_000)));
    expect(excerpt).toMatchObject({ totalLines: 5_000, hasNoRecords: true });
    expect(excerpt.keptLines).toBeGreaterThan(1_000);
    expect(questionWithLogs("why?", [excerpt])).toMatch(/the first \d+ of 5000 lines; none of all is a GPU record/);
  });

  it.each([
    ["binary", Buffer.from(Array.from({ length: 9_000 }, (_, at) => (at * 7) % 256)), /is binary, not a log/],
    ["compressed", Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /is compressed: zcat/],
  ])("refuses a %s file", async (name, content, message) => {
    const file = write(`${name}.bin`, "");
    writeFileSync(file, content);
    await expect(excerptLog(file)).rejects.toThrow(message);
  });

  it("reads records out of a file with runs of zero bytes, as a crash leaves them", async () => {
    const excerpt = await excerptLog(write("crash.log", `${"\0".repeat(5_000)}\n${record(7)}\n`));
    expect(excerpt.text).toContain("Xid (PCI:0000:61:00): 31");
  });

  it("names the right command for an XML dump", async () => {
    await expect(excerptLog(write("x.xml", '<?xml version="1.0"?>\n<nvidia_smi_log/>'))).rejects.toThrow(
      "gpu triage --smi-xml",
    );
  });
});

describe("the report below an answer", () => {
  const report = WireReport.parse({
    verdict: "gpu_failed",
    severity: "critical",
    root_cause: "XID 79 on GPU 3.",
    evidence: ["line 1: NVRM: Xid (PCI:0000:1b:00): 79"],
    actions: ["REBOOT_NODE", "RESEAT"],
    incidents: [{ id: "I04", title: "GPU fell off the bus" }],
    remediation: [{ title: "Power-cycle the node", needs_approval: true }],
    alerts: [{ alert_id: "NEMOPS-00000001", outcome: "created", title: "GPU 3: XID 79" }],
    simulated: true,
  });
  const terminal = createTerminal({ isQuiet: true, canAsk: false });

  it("is short when the offline policy wrote the answer from it", () => {
    const notes = ["The model m failed: refused. The offline policy went on."];
    expect(reportText({ ...report, answered_by: "offline policy (fallback for m)", notes }, terminal)).toBe(
      [
        "verdict     gpu_failed  critical",
        "do          REBOOT_NODE, then RESEAT",
        "alert       NEMOPS-00000001 created GPU 3: XID 79",
        "note        The model m failed: refused. The offline policy went on.",
        "answered by offline policy (fallback for m)",
        "simulated node: nothing here was measured",
      ].join("\n"),
    );
  });

  it("has cause, evidence, plan and incidents when a model wrote the answer", () => {
    const text = reportText({ ...report, answered_by: "nemotron-3-nano" }, terminal);
    for (const part of [
      "cause ",
      "Xid (PCI:0000:1b:00): 79",
      "1. Power-cycle the node (needs approval)",
      "I04 GPU fell",
    ]) {
      expect(text).toContain(part);
    }
  });
});

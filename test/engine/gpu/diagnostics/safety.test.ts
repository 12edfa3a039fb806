import { describe, expect, it } from "vitest";

import { hardFaultXids, intrusionOf, refusalReasons } from "../../../../engine/gpu/diagnostics/safety.ts";
import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import type { GpuReading } from "../../../../engine/gpu/reading.ts";

const IDLE: GpuReading = { index: 2, pci: "0000:52:00.0", utilizationPct: 0, memoryUsedMib: 4, processes: [] };

function reasons(gpu: Partial<GpuReading>, intrusion: "passive" | "stress" = "stress", xids: number[] = []) {
  return refusalReasons({ gpu: { ...IDLE, ...gpu }, intrusion, hardFaultXids: xids });
}

describe("refusalReasons", () => {
  it("lets an idle GPU be tested", () => {
    expect(reasons({})).toEqual([]);
  });

  it.each<[string, Partial<GpuReading>, RegExp]>([
    ["a process", { processes: [{ pid: 1, name: "python3" }] }, /busy: 1 process on it/],
    ["utilisation over 5 %", { utilizationPct: 6 }, /utilisation 6 %/],
    ["more than 500 MiB allocated", { memoryUsedMib: 501 }, /501 MiB allocated/],
    ["MIG", { migMode: true, migInstances: 3 }, /MIG mode \(3 instances\)/],
  ])("refuses load for %s and still allows a look", (_what, gpu, pattern) => {
    expect(reasons(gpu)).toEqual([expect.stringMatching(pattern)]);
    expect(reasons(gpu, "passive")).toEqual([]);
  });

  it.each<[string, Partial<GpuReading>, RegExp]>([
    ["a lost GPU", { isLost: true, errorText: "GPU is lost" }, /GPU 2 is lost: GPU is lost/],
    ["a failed remap", { isRemapFailed: true }, /hard fault: a memory row could not be remapped/],
    ["a GPU that does not answer", { errorText: "GPU requires reset" }, /does not answer: GPU requires reset/],
  ])("refuses %s in every mode", (_what, gpu, pattern) => {
    for (const intrusion of ["passive", "stress"] as const) {
      expect(reasons(gpu, intrusion)).toEqual([expect.stringMatching(pattern)]);
    }
  });

  it.each([79, 95])("refuses every test after XID %i", (xid) => {
    expect(reasons({}, "passive", [xid])).toEqual([`GPU 2 has a hard fault: XID ${xid} in the kernel log`]);
  });

  it("allows exactly 5 %, 500 MiB and a pending remap", () => {
    expect(reasons({ utilizationPct: 5, memoryUsedMib: 500, isRemapPending: true })).toEqual([]);
  });

  it("does not take a value that is not reported for a good or a bad one", () => {
    expect(refusalReasons({ gpu: { index: 0 }, intrusion: "stress", hardFaultXids: [] })).toEqual([]);
  });

  it("ignores the job where it can be paused, and nothing else", () => {
    const gpu = { ...IDLE, utilizationPct: 99, isRemapFailed: true };
    expect(refusalReasons({ gpu, intrusion: "stress", hardFaultXids: [], canPauseWorkload: true })).toEqual([
      expect.stringContaining("hard fault"),
    ]);
  });
});

describe("hardFaultXids", () => {
  const xid = (code: number, bus = "52"): string => `NVRM: Xid (PCI:0000:${bus}:00): ${code}, pid=1, name=a, text\n`;
  const LOAD = "NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.95.05\n";
  const found = (log: string): readonly number[] => hardFaultXids(parseLog(log).events, IDLE);

  it("finds those of this GPU only", () => {
    expect(found(xid(48) + xid(79, "1b") + xid(95))).toEqual([95]);
    expect(found("")).toEqual([]);
  });

  it("forgets those from before the driver was loaded again", () => {
    expect(found(xid(79) + LOAD)).toEqual([]);
    expect(found(xid(79) + LOAD + xid(95))).toEqual([95]);
  });
});

describe("intrusionOf", () => {
  it("knows one test that puts no load on the GPU", () => {
    expect(intrusionOf("nvlink_check", "quick")).toBe("passive");
    expect(intrusionOf("nvlink_check", "full")).toBe("stress");
    expect(intrusionOf("pcie_bandwidth", "quick")).toBe("stress");
  });
});

import { describe, expect, it } from "vitest";

import { refineXid } from "../../../../engine/gpu/catalog/stateful.ts";
import type { XidDetail, XidEvent } from "../../../../engine/gpu/event.ts";

const GPU0 = "0000:1b:00.0";
const GPU1 = "0000:43:00.0";

function xid(code: number, line: number, more: Partial<XidEvent> = {}, detail: XidDetail = {}): XidEvent {
  return { kind: "xid", xid: code, line, raw: "", text: "", pci: GPU0, detail, ...more };
}

describe("rules over several XIDs", () => {
  it("suspects hardware when 13 comes back on one GPC and TPC under another process", () => {
    const place = { gpc: 3, tpc: 1, sm: 0 };
    const events = [xid(13, 1, { pid: 10 }, place), xid(13, 900, { pid: 77 }, { ...place, sm: 1 })];
    expect(refineXid(13, GPU0, events)).toMatchObject({ action: "RUN_DIAG", followUp: ["RMA_REVIEW"] });
  });

  it("checks the application when one fault prints several records of 13", () => {
    const place = { gpc: 3, tpc: 1, sm: 0 };
    const burst = [xid(13, 1, { pid: 10 }, place), xid(13, 2, { pid: 10 }, place), xid(13, 3, { pid: 10 }, place)];
    expect(refineXid(13, GPU0, burst)).toMatchObject({ action: "CHECK_APP" });
    const timed = [xid(13, 1, { uptimeS: 5.1 }, place), xid(13, 2, { uptimeS: 5.2 }, place)];
    expect(refineXid(13, GPU0, timed)).toMatchObject({ action: "CHECK_APP" });
  });

  it("does not mix the GPUs of 13", () => {
    const place = { gpc: 3, tpc: 1 };
    const events = [xid(13, 1, { pid: 1 }, place), xid(13, 99, { pid: 2, pci: GPU1 }, place)];
    expect(refineXid(13, GPU0, events)).toMatchObject({ action: "CHECK_APP" });
  });

  it("runs diagnostics for 31 under different jobs on one GPU only", () => {
    const jobs = [xid(31, 1, { processName: "train.py" }), xid(31, 2, { processName: "serve" })];
    expect(refineXid(31, GPU0, jobs)).toMatchObject({ action: "RUN_DIAG" });
    const wandering = [xid(31, 1, { processName: "train.py" }), xid(31, 2, { processName: "train.py", pci: GPU1 })];
    expect(refineXid(31, GPU0, wandering)).toMatchObject({ action: "CHECK_APP" });
  });

  it("lets 45 follow what its text names, then what came before, and restarts the fabric manager when alone", () => {
    expect(refineXid(45, GPU0, [xid(45, 1)])).toMatchObject({ action: "RESTART_FABRIC_MANAGER" });
    expect(refineXid(45, GPU0, [xid(79, 1, { pci: GPU1 }), xid(45, 2)])).toMatchObject({
      action: "NONE",
      followsXid: 79,
    });
    expect(refineXid(45, GPU0, [xid(48, 1), xid(45, 2, {}, { causedByXid: 149 })])).toMatchObject({ followsXid: 149 });
  });

  it("drains for 48 with a remap on the same GPU, resets without, reviews over the SRAM threshold", () => {
    expect(refineXid(48, GPU0, [xid(48, 1), xid(63, 2)])).toMatchObject({ action: "DRAIN_RESET" });
    expect(refineXid(48, GPU0, [xid(48, 1), xid(64, 2)])).toMatchObject({ action: "DRAIN_RESET" });
    expect(refineXid(48, GPU0, [xid(48, 1), xid(63, 2, { pci: GPU1 })])).toMatchObject({ action: "RESET_GPU" });
    expect(refineXid(48, GPU0, [xid(48, 1)], { isSramThresholdExceeded: true })).toMatchObject({
      action: "RMA_REVIEW",
    });
  });

  it("reviews 64 for replacement when it returns or the bank is full", () => {
    expect(refineXid(64, GPU0, [xid(64, 1)])).toMatchObject({ action: "RESET_GPU", followUp: ["RMA_REVIEW"] });
    expect(refineXid(64, GPU0, [xid(64, 1), xid(64, 2)])).toMatchObject({ action: "RMA_REVIEW" });
    expect(refineXid(64, GPU0, [xid(64, 1, {}, { isRemapExhausted: true })])).toMatchObject({ action: "RMA_REVIEW" });
    expect(refineXid(64, GPU0, [xid(64, 1)], { isRemapFailed: true })).toMatchObject({ action: "RMA_REVIEW" });
  });

  it("never reboots or resets at once for 94", () => {
    expect(refineXid(94, GPU0, [xid(94, 1), xid(94, 2), xid(94, 3)])).toMatchObject({ action: "RESTART_APP" });
  });

  it("resets for 109 unless it came once and the GPU is known to work again", () => {
    expect(refineXid(109, GPU0, [xid(109, 1)])).toMatchObject({ action: "RESET_GPU" });
    expect(refineXid(109, GPU0, [xid(109, 1)], { isStuck: false })).toMatchObject({ action: "RESTART_APP" });
    expect(refineXid(109, GPU0, [xid(109, 1), xid(109, 2)], { isStuck: false })).toMatchObject({ action: "RESET_GPU" });
  });

  it("resets for 159 only when unified memory is in use, and hands 171 to its 48", () => {
    expect(refineXid(159, GPU0, [xid(159, 1)])).toMatchObject({ action: "NONE" });
    expect(refineXid(159, GPU0, [xid(159, 1)], { isUvmInUse: true })).toMatchObject({ action: "RESET_GPU" });
    expect(refineXid(171, GPU0, [xid(171, 1)])).toMatchObject({ action: "NONE", followsXid: 48 });
  });

  it("has nothing to add to a code without a rule", () => {
    expect(refineXid(79, GPU0, [xid(79, 1)])).toBeUndefined();
    expect(refineXid(173, GPU0, [])).toBeUndefined();
  });
});

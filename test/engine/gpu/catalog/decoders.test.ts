import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";

import { decodeNvlink5 } from "../../../../engine/gpu/catalog/nvlink5.ts";
import { linkDownReason } from "../../../../engine/gpu/catalog/nvlink5-link-down.ts";
import { decodeXid74 } from "../../../../engine/gpu/catalog/nvlink74.ts";
import { RECOVERY_ACTIONS, recoveryAction } from "../../../../engine/gpu/catalog/recovery.ts";
import { classifySxid, SXID_CLASSES } from "../../../../engine/gpu/catalog/sxid.ts";
import { throttleReasons } from "../../../../engine/gpu/catalog/throttle.ts";
import { Action } from "../../../../engine/gpu/vocabulary.ts";

describe("recovery actions", () => {
  it("knows the values 0 to 5", () => {
    expect(RECOVERY_ACTIONS.map((row) => row.value)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([
    [0, "NONE"],
    [1, "RESET_GPU"],
    [2, "REBOOT_NODE"],
    [4, "DRAIN_RESET"],
    ["None", "NONE"],
    ["GPU Reset Required", "RESET_GPU"],
    ["Reset", "RESET_GPU"],
    ["Node Reboot Required", "REBOOT_NODE"],
    ["Reboot", "REBOOT_NODE"],
    ["Drain and Reset", "DRAIN_RESET"],
    ["drain_and_reset", "DRAIN_RESET"],
    ["Drain P2P", "DRAIN_RESET"],
    ["0x2", "REBOOT_NODE"],
    ["1", "RESET_GPU"],
  ] as const)("maps %s to %s", (value, action) => {
    expect(recoveryAction(value)?.action).toBe(action);
  });

  it.each(["N/A", "", "6", "Reboot everything now", "0x99"])("has no action for %j", (text) => {
    expect(recoveryAction(text)).toBeUndefined();
  });
});

describe("NVLink5 decode", () => {
  it("reads the link-down reason from bits 25:20", () => {
    expect(linkDownReason(0x004505c6)).toBe(4);
    expect(linkDownReason(0x025001c6)).toBe(37);
    expect(linkDownReason(0xffffffff)).toBe(63);
  });

  it.each([
    [144, "SAW_MVB", 0x1, false, "NONE"],
    [144, "SAW_MVB", 0x2, true, "RESET_GPU"],
    [144, "SAW_MVB", 0x3, true, "RESET_GPU"],
    [145, "RLW_CTRL", 0x80000000, false, "NONE"],
    [145, "RLW_REMAP", 0x40, true, "RESET_GPU"],
    [145, "RLW_REMAP", 0x4, false, "RESTART_APP"],
    [145, "RLW_RXPIPE", 0x1, false, "NONE"],
    [145, "RLW_RXPIPE", 0x1, true, "RESET_GPU"],
    [145, "RLW_SRC_TRACK", 0x8, false, "RESTART_APP"],
    [145, "RLW_SRC_TRACK", 0x1, true, "RESET_GPU"],
    [145, "RLW_TAGSTATE", 0x100000, true, "RESET_GPU"],
    [146, "TLW_RX/TLW_RX_PIPE0", 0x4, true, "RESET_GPU"],
    [146, "TLW_TX/TLW_TX_PIPE1", 0x1, false, "NONE"],
    [147, "TREX", 0x1, false, "NONE"],
    [148, "NVLPW_CTRL/NVLPW", 0x80000000, false, "NONE"],
    [149, "NETIR/NETIR_INT", 0, true, "RESET_GPU"],
    [149, "NETIR_BER_EVENT", 1, false, "NONE"],
    [149, "NETIR_MFDE_EVENT", 5, true, "RESET_GPU"],
    [149, "NETIR_MFDE_EVENT", 3, false, "NONE"],
    [150, "MSE_WATCHDOG", 0, true, "RESET_GPU"],
  ] as const)("decides XID %i %s %d (fatal %s) as %s", (xid, subunit, errorStatus, isFatal, action) => {
    expect(decodeNvlink5({ subunit, errorStatus, isFatal }, xid)).toMatchObject({ action, decidedBy: "status" });
  });

  it.each([
    [4, "RESET_GPU", "INSPECT_LINK"],
    [37, "RESET_GPU", "INSPECT_PEER"],
    [42, "RESET_GPU", "RESEAT"],
    [38, "NONE", "CHECK_APP"],
    [40, "INSPECT_HOST", undefined],
  ] as const)("follows link-down reason %i with %s, then %s", (reason, action, next) => {
    const decode = decodeNvlink5({ subunit: "NETIR_LINK_EVT", isFatal: true, intrInfo: reason * 2 ** 20 + 0x11 }, 149);
    expect(decode.action).toBe(action);
    expect(decode.followUp[0]).toBe(next);
  });

  it("does not reset for a Nonfatal link event, as every boot prints them while links train", () => {
    const decode = decodeNvlink5({ subunit: "NETIR_LINK_EVT", isFatal: false, intrInfo: 0x004505c6 }, 149);
    expect(decode).toMatchObject({ action: "NONE", severity: "warning", decidedBy: "severity_word" });
  });

  it("falls back to the severity word, then to watching", () => {
    expect(decodeNvlink5({ subunit: "NEW_UNIT", errorStatus: 1, isFatal: true }, 146)).toMatchObject({
      action: "RESET_GPU",
      decidedBy: "severity_word",
    });
    expect(decodeNvlink5({ subunit: "TREX", errorStatus: 0x40, isFatal: false }, 147)).toMatchObject({
      action: "NONE",
    });
    expect(decodeNvlink5({}, 144)).toMatchObject({ action: "WATCH", decidedBy: "none" });
  });

  it("says when XID 154 decides", () => {
    expect(decodeNvlink5({ subunit: "RLW_REMAP", errorStatus: 1, isFatal: false }, 145).isEvaluated154).toBe(true);
    expect(decodeNvlink5({ subunit: "RLW_REMAP", errorStatus: 0x41, isFatal: true }, 145).isEvaluated154).toBe(false);
  });
});

describe("XID 74 registers", () => {
  it("lets the strongest set bit decide", () => {
    expect(decodeXid74([2 ** 21 + 2 ** 0])).toMatchObject({ action: "RESEAT", followUp: ["RMA_REVIEW"] });
    expect(decodeXid74([2 ** 8])).toMatchObject({ action: "RESEAT", followUp: ["RUN_DIAG"] });
    expect(decodeXid74([0, 0, 0, 2 ** 18])).toMatchObject({ action: "RESET_FABRIC" });
    expect(decodeXid74([2 ** 20])).toMatchObject({ action: "INSPECT_PEER", severity: "warning" });
    expect(decodeXid74([0, 0, 0, 0, 2 ** 20])).toMatchObject({ action: "WATCH" });
    expect(decodeXid74([2 ** 30])).toMatchObject({ action: "NONE", severity: "info" });
  });

  it("turns ECC bits into hardware only when a link repeats them more than twice", () => {
    expect(decodeXid74([2 ** 4], { eventsOnLink: 2 })).toMatchObject({ action: "RESET_GPU" });
    expect(decodeXid74([2 ** 4], { eventsOnLink: 3 })).toMatchObject({ action: "RMA_REVIEW" });
  });

  it("keeps the catalogue's action when no known bit is set", () => {
    expect(decodeXid74([0, 0xffffffff, 0, 0, 0, 1, 1])).toMatchObject({ action: "RESET_GPU", isConclusive: false });
    expect(decodeXid74([])).toMatchObject({ isConclusive: false });
  });
});

describe("SXid classes", () => {
  it.each([
    [12028, undefined, "RESET_FABRIC", "critical"],
    [19084, true, "RESET_FABRIC", "critical"],
    [20034, true, "RESET_GPU", "critical"],
    [24007, undefined, "RESET_GPU", "critical"],
    [11001, true, "RESTART_APP", "critical"],
    [19001, false, "INSPECT_LINK", "warning"],
    [18123, undefined, "INSPECT_LINK", "warning"],
    [20009, false, "RESEAT", "warning"],
    [10004, undefined, "CHECK_COOLING", "warning"],
    [11004, undefined, "RESTART_FABRIC_MANAGER", "warning"],
    [19083, undefined, "RMA_REVIEW", "warning"],
    [11012, false, "NONE", "info"],
    [99999, undefined, "WATCH", "warning"],
    [99999, true, "RESET_FABRIC", "critical"],
    [11012, true, "RESET_FABRIC", "critical"],
  ] as const)("grades %i, fatal %s, as %s %s", (code, isFatal, action, severity) => {
    expect(classifySxid(code, isFatal)).toMatchObject({ action, severity });
  });

  it("keeps a non-fatal word at warning and says that the table disagrees", () => {
    const verdict = classifySxid(12028, false);
    expect(verdict.severity).toBe("warning");
    expect(verdict.conflict).toContain("non-fatal by its text");
    expect(classifySxid(20034, true).conflict).toBeUndefined();
  });

  it("never grades a Fatal record below critical", () => {
    assert(
      property(integer({ min: 0, max: 40_000 }), (code) => {
        expect(classifySxid(code, true).severity).toBe("critical");
      }),
    );
  });

  it("names sources and known actions in every class", () => {
    for (const row of SXID_CLASSES) {
      expect(row.source).not.toBe("");
      expect(Action.options).toContain(row.action);
      for (const entry of row.codes) if (typeof entry !== "number") expect(entry[0]).toBeLessThan(entry[1]);
    }
  });
});

describe("throttle reasons", () => {
  it("lists the set bits, lowest first", () => {
    expect(throttleReasons(0x88).map((row) => row.name)).toEqual(["hw_slowdown", "hw_power_brake"]);
    expect(throttleReasons(0x1ff)).toHaveLength(9);
    expect(throttleReasons(0x40)[0]).toMatchObject({ severity: "critical", component: "thermal" });
  });

  it("leaves out what it does not know", () => {
    expect(throttleReasons(0)).toEqual([]);
    expect(throttleReasons(2 ** 40 + 4).map((row) => row.name)).toEqual(["sw_power_cap"]);
    expect(throttleReasons(Number.NaN)).toEqual([]);
  });
});

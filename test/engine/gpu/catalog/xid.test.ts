import { describe, expect, it } from "vitest";

import { needsHardwareInspection, STATEFUL_RULES, statefulRule } from "../../../../engine/gpu/catalog/stateful.ts";
import { lookupXid, XID_CATALOG, XidEntry } from "../../../../engine/gpu/catalog/xid.ts";
import { Action } from "../../../../engine/gpu/vocabulary.ts";

describe("XID catalogue", () => {
  it("holds the codes 1 to 172 once each, in order", () => {
    expect(XID_CATALOG.map((entry) => entry.code)).toEqual(Array.from({ length: 172 }, (_, index) => index + 1));
  });

  it("has 75 listed, 36 family and 61 legacy codes", () => {
    const count = (status: string) => XID_CATALOG.filter((entry) => entry.status === status).length;
    expect([count("listed"), count("family"), count("legacy")]).toEqual([75, 36, 61]);
  });

  it("keeps to the schema, with an action of the enumeration and a source in every row", () => {
    for (const entry of XID_CATALOG) {
      expect(XidEntry.safeParse(entry).success, `XID ${entry.code}`).toBe(true);
      expect(Action.options).toContain(entry.action);
      expect(entry.source.length, `source of XID ${entry.code}`).toBeGreaterThan(10);
    }
  });

  it("has a rule for every stateful code and no rule for any other", () => {
    for (const entry of XID_CATALOG) {
      expect(statefulRule(entry.code) !== undefined, `rule of XID ${entry.code}`).toBe(entry.isStateful);
    }
    const codes = STATEFUL_RULES.flatMap((rule) => rule.codes);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toEqual(expect.arrayContaining([13, 31, 45, 48, 63, 64, 94]));
    for (const rule of STATEFUL_RULES) expect(rule.source).not.toBe("");
  });

  it("gives every listed code a mnemonic and at least one generation, but for the two DLA codes", () => {
    const bare = XID_CATALOG.filter((entry) => entry.status === "listed" && entry.generations.length === 0);
    expect(bare.map((entry) => entry.code)).toEqual([152, 153]);
    expect(XID_CATALOG.every((entry) => entry.status === "legacy" || entry.mnemonic !== undefined)).toBe(true);
  });

  it.each([
    [13, "CHECK_APP", "warning"],
    [31, "CHECK_APP", "warning"],
    [32, "RESTART_APP", "warning"],
    [38, "NONE", "warning"],
    [43, "NONE", "info"],
    [44, "NONE", "warning"],
    [45, "RESTART_FABRIC_MANAGER", "info"],
    [48, "RESET_GPU", "critical"],
    [54, "RESEAT", "critical"],
    [56, "NONE", "info"],
    [63, "RESET_GPU", "warning"],
    [64, "RESET_GPU", "critical"],
    [68, "RESTART_APP", "warning"],
    [74, "RESET_GPU", "critical"],
    [78, "UPDATE_DRIVER", "warning"],
    [79, "REBOOT_NODE", "critical"],
    [92, "NONE", "warning"],
    [94, "RESTART_APP", "warning"],
    [95, "RESET_GPU", "critical"],
    [109, "RESET_GPU", "critical"],
    [119, "RESET_GPU", "critical"],
    [120, "RESET_GPU", "critical"],
    [128, "RESTART_APP", "warning"],
    [142, "RMA_REVIEW", "warning"],
    [151, "RESTART_VM", "critical"],
    [154, "NONE", "info"],
    [163, "CHECK_COOLING", "warning"],
    [167, "REBOOT_NODE", "critical"],
    [169, "RESET_GPU", "critical"],
  ] as const)("asks for %i: %s, %s", (code, action, severity) => {
    expect(lookupXid(code)).toMatchObject({ code, action, severity });
  });

  it("marks the copy engines above CE9 as Blackwell only", () => {
    expect(lookupXid(126).generations).toEqual(["B100/B200", "GB200"]);
    expect(lookupXid(39).generations).toEqual(["A100", "H100", "B100/B200", "GB200"]);
  });

  it.each([0, 173, 999, -1, 1.5, Number.NaN])("knows nothing about %d and asks for nothing", (code) => {
    expect(lookupXid(code)).toMatchObject({ status: "unknown", action: "NONE", severity: "warning" });
  });

  it("asks for an inspection only after two reboots and only for codes that ask for a reboot", () => {
    expect(needsHardwareInspection(79, 2)).toBe(true);
    expect(needsHardwareInspection(79, 1)).toBe(false);
    expect(needsHardwareInspection(94, 5)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";

import {
  alertFingerprint,
  componentOfRule,
  gpuInTitle,
  ruleInTitle,
} from "../../../../engine/gpu/alerting/fingerprint.ts";
import { inhibits } from "../../../../engine/gpu/alerting/inhibition.ts";
import { alertPriority } from "../../../../engine/gpu/alerting/priority.ts";

describe("alertFingerprint", () => {
  it("is the same whether the component is given, guessed wrong or left out", () => {
    const fault = { node: "n1", rule: "memory.row_remap_pending", gpu: 2, title: "x" };
    const expected = "n1/memory/memory.row_remap_pending/gpu2";
    expect(alertFingerprint(fault)).toBe(expected);
    expect(alertFingerprint({ ...fault, component: "memory" })).toBe(expected);
    expect(alertFingerprint({ ...fault, component: "compute" })).toBe(expected);
  });

  it("reads XID and GPU from the title when a caller gives neither", () => {
    const named = alertFingerprint({ node: "n1", title: "XID 79 on GPU 3" });
    expect(named).toBe(alertFingerprint({ node: "n1", rule: "xid.79", gpu: 3, title: "lost" }));
    expect(named).toBe(alertFingerprint({ node: "n1", title: "gpu #3: xid 79, fell off the bus" }));
  });

  it("falls back to the words of the title, whatever their case and punctuation", () => {
    expect(alertFingerprint({ node: "n1", title: "Fans loud!" })).toBe("n1/-/title:fans-loud");
    expect(alertFingerprint({ node: "n1", title: "fans, LOUD" })).toBe("n1/-/title:fans-loud");
    expect(alertFingerprint({ node: "n1", title: "…" })).toBe("n1/-/title:untitled");
  });

  it("keeps parts with separators apart", () => {
    const left = alertFingerprint({ node: "a/b", rule: "c", title: "" });
    expect(left).not.toBe(alertFingerprint({ node: "a", rule: "b/c", title: "" }));
    expect(left).toBe("a%2Fb/-/c");
  });
});

describe("titles", () => {
  it("say nothing when they name several GPUs or XIDs, or a size", () => {
    expect(gpuInTitle("GPU 1 and GPU 2 hot")).toBeUndefined();
    expect(ruleInTitle("XID 48 then XID 63")).toBeUndefined();
    expect(gpuInTitle("GPU 80 GB nearly full")).toBeUndefined();
    expect(gpuInTitle("GPU 1 hot, GPU 1 slow")).toBe(1);
  });
});

describe("componentOfRule", () => {
  it("knows the XID's component and the rule's own family, and nothing else", () => {
    expect(componentOfRule("xid.79")).toBe("pcie");
    expect(componentOfRule("thermal.hw_slowdown")).toBe("thermal");
    expect(componentOfRule("custom.rule")).toBeUndefined();
    expect(componentOfRule("xid.79abc")).toBeUndefined();
  });
});

describe("alertPriority", () => {
  it.each([
    [{ severity: "critical", component: "pcie", rule: "xid.79", gpuCount: 1 }, "P2"],
    [{ severity: "critical", component: "pcie", rule: "xid.79", gpuCount: 2 }, "P1"],
    [{ severity: "critical", component: "fabric", gpuCount: 0 }, "P1"],
    [{ severity: "critical", rule: "node.gpus_lost_together", gpuCount: 0 }, "P1"],
    [{ severity: "critical", rule: "xid.95", gpuCount: 1 }, "P1"],
    [{ severity: "critical", rule: "compute.sdc_suspect", gpuCount: 1 }, "P1"],
    [{ severity: "warning", rule: "thermal.sw_slowdown", gpuCount: 4 }, "P3"],
    [{ severity: "warning", rule: "xid.92", gpuCount: 1 }, "P4"],
    [{ severity: "info", rule: "xid.95", gpuCount: 8 }, "P5"],
  ] as const)("%j is %s", (input, expected) => {
    expect(alertPriority(input)).toBe(expected);
  });
});

describe("inhibits", () => {
  const lost = { node: "n1", gpu: 3, component: "pcie", rule: "xid.79" } as const;
  const hot = { node: "n1", gpu: 3, component: "thermal", rule: "thermal.sw_slowdown" } as const;

  it("hides only thermal alerts of the same lost GPU", () => {
    expect(inhibits(lost, hot)).toBe(true);
    expect(inhibits({ ...lost, rule: "pcie.gpu_lost" }, hot)).toBe(true);
    expect(inhibits(hot, lost)).toBe(false);
    expect(inhibits(lost, { ...hot, gpu: 2 })).toBe(false);
    expect(inhibits(lost, { ...hot, node: "n2" })).toBe(false);
    expect(inhibits(lost, { ...hot, gpu: null })).toBe(false);
    expect(inhibits(lost, { ...hot, component: "memory", rule: "xid.48" })).toBe(false);
    expect(inhibits({ ...lost, rule: "xid.119" }, hot)).toBe(false);
  });

  it("hides the GPUs of a node that is down, and nothing hides itself", () => {
    const down = { node: "n1", gpu: null, component: "host", rule: "host.node_down" } as const;
    expect(inhibits(down, lost)).toBe(true);
    expect(inhibits(down, down)).toBe(false);
    expect(inhibits(lost, lost)).toBe(false);
  });
});

import { describe, expect, it } from "vitest";

import { assess } from "../../../../engine/gpu/assess/assess.ts";
import { checkReading } from "../../../../engine/gpu/checks/index.ts";
import type { NodeReading, SourceProblem } from "../../../../engine/gpu/reading.ts";
import { h100, node, nodeWith } from "./reading.ts";

function nodeRules(reading: NodeReading): string[] {
  return checkReading(reading)
    .filter(({ gpu }) => gpu === undefined)
    .map(({ rule }) => rule);
}

describe("the number of GPUs", () => {
  it("short of what the node should have is a lost GPU", () => {
    const [finding] = checkReading({ ...nodeWith({}, 7), expectedGpus: 8 });
    expect(finding).toMatchObject({
      rule: "pcie.gpu_count_short",
      title: "7 of 8 GPUs answer",
      verdict: "gpu_failed",
      action: "REBOOT_NODE",
    });
  });

  it("counts a GPU that is listed and lost as missing when the source has no count", () => {
    const reading = { ...nodeWith({ isLost: true }), attachedGpus: undefined };
    expect(nodeRules({ ...reading, expectedGpus: 4 })).toEqual(["pcie.gpu_count_short"]);
  });

  it("is not judged by a list of a part of the attached GPUs", () => {
    expect(nodeRules({ ...nodeWith({}, 1), attachedGpus: 8 })).toEqual([]);
    expect(assess({ reading: { ...nodeWith({}, 1), attachedGpus: 8 } }).uncertainties).toEqual([
      "The reading lists 1 of 8 attached GPUs: nothing is known of the others",
    ]);
  });

  it("is not judged when the source failed as a whole", () => {
    const problems = [{ kind: "driver_mismatch" as const, message: "Driver/library version mismatch" }];
    expect(nodeRules(node([], { attachedGpus: undefined, expectedGpus: 8, problems }))).toEqual([
      "source.driver_mismatch",
    ]);
  });
});

describe("source problems", () => {
  const cases: readonly (readonly [SourceProblem["kind"], string, string])[] = [
    ["missing_command", "telemetry", "INSPECT_HOST"],
    ["timed_out", "node", "INSPECT_HOST"],
    ["failed", "telemetry", "INSPECT_HOST"],
    ["driver_mismatch", "driver", "UPDATE_DRIVER"],
    ["driver_not_loaded", "driver", "INSPECT_HOST"],
    ["no_devices", "node", "INSPECT_HOST"],
    ["unreadable", "telemetry", "INSPECT_HOST"],
  ];

  it.each(cases)("%s is a finding with the message of the source", (kind, verdict, action) => {
    const problems = [{ kind, message: `${kind}: what the command said` }];
    const [finding] = checkReading(node([], { attachedGpus: undefined, problems }));
    expect(finding).toMatchObject({ rule: `source.${kind}`, verdict, action });
    expect(finding?.evidence).toEqual([
      { from: "source", where: `source ${kind}`, quote: `${kind}: what the command said` },
    ]);
  });
});

describe("the fabric", () => {
  it("needs its manager on a node with NVSwitch", () => {
    expect(nodeRules({ ...nodeWith({}), isFabricManagerRunning: false })).toEqual(["fabric.manager_down"]);
  });

  it("needs none on a node without", () => {
    const t4 = { index: 0, name: "Tesla T4" };
    expect(nodeRules(node([t4], { isFabricManagerRunning: false }))).toEqual([]);
  });

  it("manager must have the driver's version", () => {
    const versions = { driverVersion: "570.172.08", fabricManagerVersion: "570.124.06" };
    expect(nodeRules({ ...nodeWith({}), ...versions })).toEqual(["fabric.manager_version"]);
    expect(nodeRules({ ...nodeWith({}), ...versions, fabricManagerVersion: "570.172.08" })).toEqual([]);
  });

  it.each(["In Progress", "Not Started"])("state %s is not ready", (fabricState) => {
    const [finding] = checkReading(nodeWith({ fabricState }));
    expect(finding).toMatchObject({ rule: "fabric.not_ready", action: "RESTART_FABRIC_MANAGER", verdict: "fabric" });
    expect(finding?.title).toBe("1 of 4 GPUs have not joined the fabric");
  });

  it("status that is no success is not ready either", () => {
    expect(nodeRules(nodeWith({ fabricStatus: "Unknown Error" }))).toEqual(["fabric.not_ready"]);
  });

  it("health is reported where the driver gives it", () => {
    expect(nodeRules(nodeWith({ fabricHealth: "Unhealthy" }))).toEqual(["fabric.unhealthy"]);
    expect(checkReading(nodeWith({ fabricHealth: "Limited Capacity" }))).toMatchObject([
      { severity: "warning", verdict: "fabric", action: "INSPECT_LINK" },
    ]);
    for (const fabricHealth of ["Healthy", "N/A", "Not Supported"]) {
      expect(checkReading(nodeWith({ fabricHealth }))).toEqual([]);
    }
  });

  it("summary that a card does not support is normal", () => {
    expect(checkReading(node([h100({ fabricStatus: "N/A" })]))).toEqual([]);
  });
});

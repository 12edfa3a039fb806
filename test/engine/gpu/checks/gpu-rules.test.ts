import { describe, expect, it } from "vitest";

import { checkReading, GPU_RULES, NODE_RULES } from "../../../../engine/gpu/checks/index.ts";
import { Finding } from "../../../../engine/gpu/finding.ts";
import type { GpuReading } from "../../../../engine/gpu/reading.ts";
import { h100, node, nodeWith, rulesFor } from "./reading.ts";

type Grade = Pick<Finding, "severity" | "verdict" | "action">;

/** One row per rule: what a reading must show, and what the rule says then. */
const CASES: readonly (readonly [rule: string, changes: Partial<GpuReading>, grade: Grade])[] = [
  ["pcie.gpu_lost", { isLost: true }, { severity: "critical", verdict: "gpu_failed", action: "REBOOT_NODE" }],
  [
    "memory.uncorrected_errors",
    { eccVolatile: { dramUncorrected: 1 } },
    { severity: "critical", verdict: "gpu_degraded", action: "DRAIN_RESET" },
  ],
  [
    "memory.sram_threshold",
    { isSramThresholdExceeded: true },
    { severity: "critical", verdict: "gpu_failed", action: "RMA_REVIEW" },
  ],
  [
    "memory.aggregate_sram_errors",
    { eccAggregate: { sramUncorrected: 5 } },
    { severity: "warning", verdict: "gpu_degraded", action: "RMA_REVIEW" },
  ],
  [
    "memory.corrected_errors",
    { eccAggregate: { sramCorrected: 10_001 } },
    { severity: "warning", verdict: "gpu_degraded", action: "WATCH" },
  ],
  ["memory.nearly_full", { memoryUsedMib: 80_000 }, { severity: "info", verdict: "app", action: "CHECK_APP" }],
  [
    "memory.row_remap_failed",
    { isRemapFailed: true },
    { severity: "critical", verdict: "gpu_failed", action: "RMA_REVIEW" },
  ],
  [
    "memory.row_remap_pending",
    { isRemapPending: true },
    { severity: "warning", verdict: "gpu_degraded", action: "DRAIN_RESET" },
  ],
  [
    "memory.repair_pending",
    { isChannelRepairPending: true },
    { severity: "warning", verdict: "gpu_degraded", action: "DRAIN_RESET" },
  ],
  [
    "memory.unrepairable",
    { isMemoryUnrepairable: true },
    { severity: "critical", verdict: "gpu_failed", action: "RMA_REVIEW" },
  ],
  [
    "memory.row_remap_limit",
    { remappedUncorrectable: 512 },
    { severity: "critical", verdict: "gpu_failed", action: "RMA_REVIEW" },
  ],
  [
    "memory.bank_without_spare_rows",
    { remapBanks: { max: 2559, high: 0, partial: 0, low: 0, none: 1 } },
    { severity: "warning", verdict: "gpu_degraded", action: "WATCH" },
  ],
  [
    "memory.retired_pages_limit",
    { retiredPagesSingleBit: 60, retiredPagesDoubleBit: 3 },
    { severity: "critical", verdict: "gpu_failed", action: "RMA_REVIEW" },
  ],
  [
    "memory.retired_pages_many",
    { retiredPagesDoubleBit: 16 },
    { severity: "warning", verdict: "gpu_degraded", action: "WATCH" },
  ],
  [
    "memory.page_retirement_pending",
    { isRetirementPending: true },
    { severity: "warning", verdict: "gpu_degraded", action: "DRAIN_RESET" },
  ],
  [
    "nvlink.link_retries",
    { nvlinks: [{ link: 3, isActive: true, replayErrors: 1 }] },
    { severity: "warning", verdict: "gpu_degraded", action: "WATCH" },
  ],
  ["pcie.narrow_link", { pcieWidth: 8 }, { severity: "warning", verdict: "gpu_degraded", action: "RESEAT" }],
  ["pcie.slow_link", { pcieGeneration: 3 }, { severity: "warning", verdict: "gpu_degraded", action: "RESEAT" }],
  [
    "pcie.replay_rate",
    { pcieReplaysPerMinute: 32 },
    { severity: "warning", verdict: "gpu_degraded", action: "RESEAT" },
  ],
  ["power.hw_power_brake", { throttleMask: 0x88 }, { severity: "critical", verdict: "power", action: "CHECK_POWER" }],
  ["power.hw_slowdown", { throttleMask: 0x8 }, { severity: "warning", verdict: "power", action: "CHECK_POWER" }],
  ["power.lowered_limit", { powerLimitW: 350 }, { severity: "warning", verdict: "driver", action: "RESTORE_CLOCKS" }],
  [
    "power.cap_below_limit",
    { throttleMask: 0x4, powerDrawW: 300 },
    { severity: "warning", verdict: "driver", action: "RESTORE_CLOCKS" },
  ],
  [
    "thermal.hw_slowdown",
    { throttleMask: 0x48, temperatureC: 60 },
    { severity: "critical", verdict: "cooling", action: "CHECK_COOLING" },
  ],
  [
    "thermal.sw_slowdown",
    { throttleMask: 0x20, temperatureC: 60 },
    { severity: "warning", verdict: "cooling", action: "CHECK_COOLING" },
  ],
  [
    "clocks.application_clocks",
    { throttleMask: 0x2, smClockMhz: 600, applicationSmClockMhz: 600 },
    { severity: "warning", verdict: "driver", action: "RESTORE_CLOCKS" },
  ],
  ["clocks.low_under_load", { smClockMhz: 345 }, { severity: "warning", verdict: "driver", action: "RESTORE_CLOCKS" }],
  [
    "clocks.slower_than_peers",
    { smClockMhz: 1500 },
    { severity: "warning", verdict: "driver", action: "RESTORE_CLOCKS" },
  ],
  [
    "driver.recovery_action",
    { recoveryAction: "Drain and Reset" },
    { severity: "warning", verdict: "gpu_degraded", action: "DRAIN_RESET" },
  ],
  ["telemetry.stale_xid", { lastXid: 31 }, { severity: "info", verdict: "telemetry", action: "WATCH" }],
  [
    "telemetry.profiling_blind",
    { graphicsEngineActive: 0 },
    { severity: "info", verdict: "telemetry", action: "WATCH" },
  ],
  ["xid.79", { windowedXids: { "79": 1 } }, { severity: "critical", verdict: "gpu_failed", action: "REBOOT_NODE" }],
];

it("finds nothing wrong on a healthy, busy node", () => {
  expect(checkReading(nodeWith({}))).toEqual([]);
});

it("finds nothing on readings that report nothing", () => {
  expect(checkReading(node([{ index: 0 }, { index: 1 }]))).toEqual([]);
});

describe.each(CASES)("%s", (rule, changes, grade) => {
  it("gives its grade and quotes the reading", () => {
    const finding = rulesFor(changes)[rule];
    expect(finding).toMatchObject({ ...grade, gpu: 0, pci: "0000:1b:00.0" });
    expect(finding?.evidence.length).toBeGreaterThan(0);
    expect(finding?.evidence.every(({ quote }) => quote !== "")).toBe(true);
    expect(Finding.safeParse(finding).success).toBe(true);
    expect(finding?.source).not.toBe("");
  });

  it("stays silent on a healthy reading", () => {
    expect(Object.keys(rulesFor({}))).not.toContain(rule);
  });
});

it("lists every rule once", () => {
  expect(new Set(GPU_RULES).size).toBe(GPU_RULES.length);
  expect(new Set(NODE_RULES).size).toBe(NODE_RULES.length);
});

describe("quotes", () => {
  it("name the field and repeat its value word for word", () => {
    const { evidence } = rulesFor({ eccVolatile: { dramUncorrected: 2, sramUncorrected: 0 } })[
      "memory.uncorrected_errors"
    ] as Finding;
    expect(evidence).toEqual([
      { from: "reading", where: "gpu 0 ecc_volatile.dram_uncorrected", quote: "2" },
      { from: "reading", where: "gpu 0 ecc_volatile.sram_uncorrected", quote: "0" },
    ]);
  });

  it("leave out what the GPU does not report", () => {
    const { evidence } = rulesFor({ throttleMask: 0x80, powerDrawW: undefined })["power.hw_power_brake"] as Finding;
    expect(evidence.map(({ where }) => where)).not.toContain("gpu 0 power_draw_w");
    expect(evidence[0]).toEqual({ from: "reading", where: "gpu 0 throttle_mask", quote: "0x80" });
  });
});

describe("bounds", () => {
  it.each([
    ["512 remapped rows are the limit", { remappedUncorrectable: 511 }, "memory.row_remap_limit"],
    ["63 retired pages are the limit", { retiredPagesSingleBit: 62 }, "memory.retired_pages_limit"],
    ["15 double-bit pages are accepted", { retiredPagesDoubleBit: 15 }, "memory.retired_pages_many"],
    ["31 replays a minute are accepted on Gen5 x16", { pcieReplaysPerMinute: 31 }, "pcie.replay_rate"],
    ["four SRAM errors are accepted", { eccAggregate: { sramUncorrected: 4 } }, "memory.aggregate_sram_errors"],
    [
      "a device that denies the SRAM threshold is believed",
      { isSramThresholdExceeded: false, eccAggregate: { sramUncorrected: 9 } },
      "memory.aggregate_sram_errors",
    ],
    ["97 % of memory is accepted", { memoryUsedMib: 79_100 }, "memory.nearly_full"],
  ])("%s", (_name, changes, rule) => {
    expect(Object.keys(rulesFor(changes))).not.toContain(rule);
  });
});

describe("an idle GPU", () => {
  const idle = { utilizationPct: 0, smClockMhz: 345, powerDrawW: 70, throttleMask: 0x1, temperatureC: 30 };

  it("may drop to PCIe generation 1 and even to one lane", () => {
    expect(rulesFor({ ...idle, pcieGeneration: 1 })).toEqual({});
    expect(rulesFor({ ...idle, pcieGeneration: 1, pcieWidth: 1 })).toEqual({});
  });

  it("still shows a link that was trained with half its lanes", () => {
    expect(Object.keys(rulesFor({ ...idle, pcieGeneration: 1, pcieWidth: 8 }))).toEqual(["pcie.narrow_link"]);
  });

  it("is not blamed for one lane under load", () => {
    expect(rulesFor({ pcieGeneration: 1, pcieWidth: 1 })["pcie.narrow_link"]).toBeDefined();
  });

  it("has low clocks for a reason", () => {
    expect(rulesFor({ ...idle, throttleMask: 0x3 })).toEqual({});
  });

  it("is not compared in heat with busy neighbours", () => {
    const gpus = [h100({ temperatureC: 80, powerDrawW: 690 }), ...[1, 2, 3].map((index) => h100({ index, ...idle }))];
    expect(checkReading(node(gpus)).map(({ rule }) => rule)).toEqual([]);
  });
});

it("accepts the narrow slots that some hosts have by design", () => {
  const t4 = { index: 0, name: "Tesla T4", pcieWidth: 8, maxPcieWidth: 16, pcieGeneration: 3, utilizationPct: 90 };
  expect(checkReading(node([t4]))).toEqual([]);
});

describe("the thermal margin", () => {
  it("is believed when the temperature agrees", () => {
    const finding = rulesFor({ temperatureLimitMarginC: 0, temperatureC: 85 }, 1)["thermal.no_margin"];
    expect(finding).toMatchObject({ severity: "warning", verdict: "cooling" });
  });

  it("is critical past the slowdown threshold of the device", () => {
    const changes = { temperatureLimitMarginC: -2, slowdownMarginC: -2, temperatureC: 87 };
    expect(rulesFor(changes, 1)["thermal.no_margin"]).toMatchObject({ severity: "critical" });
  });

  it("is not judged when the GPU is plainly cool, as some H100 drivers report zero", () => {
    const rules = rulesFor({ temperatureLimitMarginC: 0, temperatureC: 40 });
    expect(Object.keys(rules)).toEqual(["thermal.margin_not_usable"]);
    expect(rules["thermal.margin_not_usable"]).toMatchObject({ isMeasuredOnly: true, verdict: "healthy" });
  });

  it("is not judged when nothing stands beside it", () => {
    const finding = checkReading(node([{ index: 0, temperatureLimitMarginC: 0 }]));
    expect(finding.map(({ rule, isMeasuredOnly }) => [rule, isMeasuredOnly])).toEqual([
      ["thermal.margin_not_usable", true],
    ]);
  });
});

describe("heat", () => {
  it("uses the limits of the device before those of the model", () => {
    const changes = { name: "Tesla T4", temperatureC: 86, maxOperatingTemperatureC: 90, slowdownTemperatureC: 95 };
    const own = checkReading(node([{ index: 0, ...changes }]));
    expect(own).toEqual([]);
    const [byModel] = checkReading(node([{ index: 0, name: "Tesla T4", temperatureC: 86 }]));
    expect(byModel).toMatchObject({ rule: "thermal.over_temperature", severity: "warning" });
  });

  it("is judged by the distance a device reports, not by the model's absolute limit", () => {
    const atLimit = { temperatureC: 88, temperatureLimitMarginC: 0, slowdownMarginC: -2, throttleMask: 0x20 };
    const rules = rulesFor(atLimit);
    expect(rules["thermal.over_temperature"]).toBeUndefined();
    expect(rules["thermal.no_margin"]).toMatchObject({ severity: "warning", action: "CHECK_COOLING" });
    expect(rulesFor({ ...atLimit, slowdownTemperatureC: 88 })["thermal.over_temperature"]).toMatchObject({
      severity: "critical",
    });
  });

  it("without any limit is measured and not judged", () => {
    const [finding] = checkReading(node([{ index: 0, name: "Unheard Of 9000", temperatureC: 91 }]));
    expect(finding).toMatchObject({ rule: "thermal.temperature", isMeasuredOnly: true, verdict: "healthy" });
  });

  it("of one GPU among cool neighbours at the same power is that GPU's fault", () => {
    const rules = rulesFor({ temperatureC: 84, temperatureLimitMarginC: 1, throttleMask: 0x40 });
    expect(rules["thermal.hotter_than_peers"]?.title).toContain("29 C hotter");
    expect(rules["thermal.hw_slowdown"]).toMatchObject({ verdict: "gpu_degraded", severity: "critical" });
  });

  it("ten degrees above the neighbours is accepted", () => {
    expect(rulesFor({ temperatureC: 65 })).toEqual({});
  });
});

describe("clocks", () => {
  it("that are low because the GPU is at its power limit are no fault", () => {
    const capped = { throttleMask: 0x4, powerDrawW: 695, smClockMhz: 1300 };
    expect(rulesFor(capped)).toEqual({});
  });

  it("set by an application at their maximum are no fault", () => {
    expect(rulesFor({ throttleMask: 0x2, applicationSmClockMhz: 1980 })).toEqual({});
  });
});

describe("NVLinks", () => {
  const links = (inactive: number): NonNullable<GpuReading["nvlinks"]> =>
    Array.from({ length: 18 }, (_, link) => ({ link, isActive: link >= inactive }));

  it("that are inactive are counted against the model", () => {
    const finding = rulesFor({ nvlinks: links(2) })["nvlink.inactive_links"];
    expect(finding).toMatchObject({ title: "2 of 18 NVLinks are not active", action: "RESET_GPU" });
    expect(finding?.evidence[0]).toEqual({ from: "reading", where: "gpu 0 nvlinks.0.is_active", quote: "false" });
  });

  it("that are missing from the list are counted too", () => {
    expect(rulesFor({ nvlinks: links(0).slice(0, 17) })["nvlink.inactive_links"]?.title).toBe(
      "1 of 18 NVLinks are not active",
    );
  });

  it("listed without their state by an exporter are not judged", () => {
    expect(rulesFor({ nvlinks: [{ link: 0 }] })).toEqual({});
  });

  it("of a card without a bridge are no fault", () => {
    const card = { index: 0, name: "NVIDIA A100 80GB PCIe", nvlinks: [{ link: 0, isActive: false }] };
    expect(checkReading(node([card]))).toEqual([]);
  });

  it("with CRC errors alone are measured, the limit being a rate", () => {
    const rules = rulesFor({ nvlinks: [...links(0).slice(1), { link: 0, isActive: true, crcErrors: 9 }] });
    expect(rules["nvlink.crc_errors"]).toMatchObject({ isMeasuredOnly: true, verdict: "healthy" });
  });
});

describe("telemetry", () => {
  it("does not call a gauge stale that the windowed counter confirms", () => {
    const rules = rulesFor({ lastXid: 48, windowedXids: { "48": 2 } });
    expect(rules["telemetry.stale_xid"]).toBeUndefined();
    expect(rules["xid.48"]).toMatchObject({ count: 2, action: "RESET_GPU" });
    expect(rules["xid.48"]?.evidence).toEqual([{ from: "metric", where: "gpu 0 windowed_xids.48", quote: "2" }]);
  });

  it("judges counted codes together where no text is needed: 48 with a remap is drained", () => {
    const rules = rulesFor({ windowedXids: { "48": 1, "63": 1 } });
    expect(rules["xid.48"]).toMatchObject({ action: "DRAIN_RESET", severity: "critical" });
    expect(rulesFor({ windowedXids: { "48": 1, "63": 0 } })["xid.48"]).toMatchObject({ action: "RESET_GPU" });
  });

  it("only watches a counted code whose text decides", () => {
    expect(rulesFor({ windowedXids: { "149": 4 } })["xid.149"]).toMatchObject({ action: "WATCH", severity: "warning" });
  });

  it("says that blank profiling metrics of a busy GPU are blind", () => {
    expect(rulesFor({ blanks: { graphicsEngineActive: "blank" } })["telemetry.profiling_blind"]).toBeDefined();
    expect(rulesFor({ blanks: { graphicsEngineActive: "blank" }, utilizationPct: 10 })).toEqual({});
  });
});

it("remarks on memory that no listed process holds and decides nothing by it", () => {
  const rules = rulesFor({ processes: [], utilizationPct: 0, powerDrawW: 70 });
  expect(rules["processes.memory_without_process"]).toMatchObject({ verdict: "healthy", action: "NONE" });
});

it("ignores a recovery action outside the table", () => {
  expect(rulesFor({ recoveryAction: "Sing A Song" })).toEqual({});
  expect(rulesFor({ recoveryAction: "None" })).toEqual({});
});

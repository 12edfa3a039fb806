import { describe, expect, it } from "vitest";

import { shouldRaiseAlert } from "../../../../engine/gpu/assess/alerting.ts";
import { assess } from "../../../../engine/gpu/assess/assess.ts";
import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";
import { parseMetrics } from "../../../../engine/gpu/readings/metrics.ts";
import { h100, node, nodeWith } from "../checks/reading.ts";
import {
  at,
  by,
  GPU_A,
  GPU_B,
  GPU_C,
  GPU_D,
  LINK_DOWN,
  LINK_TRAINING,
  NOBODY,
  NONE,
  OFF_THE_BUS,
  recovery,
  RESET,
  shown,
  triage,
  xid,
} from "./triage.ts";

const ALL_GPUS = [GPU_A, GPU_B, GPU_C, GPU_D];
const LINK_ERROR = `${NOBODY}, NVLink: fatal error detected on link 3(0x0, 0x0, 0x10000, 0x0, 0x0, 0x0, 0x0)`;

function ib(uptimeS: number, state: "down" | "up", device = "ib2"): string {
  return at(uptimeS, `mlx5_core 0000:5c:00.0 ${device}: Link ${state}`);
}

describe("NVLink faults of several GPUs", () => {
  it("two ends of one link are the GPUs' own", () => {
    const answer = triage([xid(1000, GPU_A, 74, LINK_ERROR), xid(1000.2, GPU_B, 74, LINK_ERROR)]);
    expect(answer).toMatchObject({ verdict: "gpu_degraded", primary: "xid.74" });
    expect(answer.actions[0]).toBe("RESET_GPU");
  });

  it("many at once are the fabric's", () => {
    const answer = triage(ALL_GPUS.map((pci, index) => xid(1000 + index / 10, pci, 74, LINK_ERROR)));
    expect(answer).toMatchObject({ verdict: "fabric", severity: "critical", primary: "fabric.links_of_many_gpus" });
    expect(answer.actions[0]).toBe("RESET_FABRIC");
  });

  it("many over hours are not", () => {
    const answer = triage(ALL_GPUS.map((pci, index) => xid(1000 + 3600 * index, pci, 74, LINK_ERROR)));
    expect(answer.primary).toBe("xid.74");
  });

  it("that name one peer lead to the peer", () => {
    const toPeer = `${LINK_ERROR}, remote 0000:1e:00.0`;
    const answer = triage([GPU_A, GPU_B, GPU_C].map((pci) => xid(1000, pci, 74, toPeer)));
    expect(answer.primary).toBe("nvlink.common_peer");
    expect(answer.actions[0]).toBe("INSPECT_PEER");
    expect(answer.findings[0]?.pci).toBe("0000:1e:00");
  });

  it("that follow a GPU off the bus are its effects", () => {
    const answer = triage([
      xid(1000, GPU_D, 79, OFF_THE_BUS),
      ...[GPU_A, GPU_B, GPU_C].map((pci) => xid(1001, pci, 74, LINK_ERROR)),
    ]);
    expect(answer).toMatchObject({ verdict: "gpu_failed", primary: "xid.79" });
    expect(answer.actions).toEqual(["REBOOT_NODE", "RESEAT", "RMA_REVIEW"]);
  });

  it("that follow a fatal NVSwitch error are its effects, whatever their order in the same second", () => {
    const answer = triage([
      xid(1000, GPU_A, 74, LINK_ERROR),
      at(1000.1, "nvidia-nvswitch0: SXid (PCI:0000:c4:00.0): 19084, Fatal, Link 28 AN1 Heartbeat Timeout Error"),
      ...[GPU_B, GPU_C, GPU_D].map((pci) => xid(1000.3, pci, 74, LINK_ERROR)),
      xid(1001, GPU_A, 45, by(7, "train")),
    ]);
    expect(answer).toMatchObject({ verdict: "fabric", primary: "sxid.19084" });
    expect(answer.actions[0]).toBe("RESET_FABRIC");
    expect(answer.findings.filter(({ causedBy }) => causedBy === undefined).map(({ rule }) => rule)).toEqual([
      "sxid.19084",
    ]);
  });

  it("149 explains 145 and 45 of its peers", () => {
    const answer = triage([
      xid(1000, GPU_A, 149, LINK_DOWN),
      xid(1000.5, GPU_B, 145, "RLW_SRC_TRACK Nonfatal XC1 i0 Link 08 (0x0 0x00000004 0x0 0x0 0x0 0x0)"),
      xid(1001, GPU_B, 45, `${by(9, "train")}, caused by previous Xid 145`),
    ]);
    expect(shown(answer)[0]).toBe("xid.149@1b");
    expect(answer.findings.slice(1).every(({ causedBy }) => causedBy === "xid.149")).toBe(true);
  });
});

describe("links that train while a node starts", () => {
  const lines = ALL_GPUS.map((pci, index) => xid(20 + index, pci, 149, LINK_TRAINING));

  it("do not alert", () => {
    const answer = triage(lines);
    expect(answer).toMatchObject({ verdict: "healthy", actions: ["NONE"] });
    expect(shouldRaiseAlert(answer)).toBe(false);
    expect(answer.findings).toHaveLength(4);
  });

  it("alert when a link stays down", () => {
    const down = Array.from({ length: 18 }, (_, link) => ({ link, isActive: link !== 8 }));
    const answer = triage(lines.slice(0, 1), { reading: nodeWith({ nvlinks: down }) });
    expect(answer).toMatchObject({ verdict: "gpu_degraded" });
    expect(answer.actions).toContain("RESET_GPU");
  });

  it("alert when the driver asks for a reset", () => {
    const answer = triage([...lines.slice(0, 1), recovery(30, GPU_A, NONE, RESET)]);
    expect(answer.actions[0]).toBe("RESET_GPU");
  });

  it("alert when a record says Fatal and nothing shows that the link came back", () => {
    expect(triage([xid(20, GPU_A, 149, LINK_DOWN)]).actions[0]).toBe("RESET_GPU");
    expect(triage([xid(20, GPU_A, 149, LINK_DOWN)], { reading: nodeWith({}) }).verdict).toBe("healthy");
  });

  it("alert long after the start", () => {
    expect(triage([xid(20_000, GPU_A, 149, LINK_TRAINING)]).verdict).not.toBe("healthy");
  });
});

describe("several GPUs lost at once", () => {
  const lost = [xid(1000, GPU_A, 79, OFF_THE_BUS), xid(1002, GPU_B, 79, OFF_THE_BUS)];

  it("point at the host", () => {
    const answer = triage(lost);
    expect(answer).toMatchObject({ verdict: "node", primary: "node.gpus_lost_together" });
    expect(answer.actions.slice(0, 2)).toEqual(["REBOOT_NODE", "CHECK_POWER"]);
  });

  it("point at the supply when something speaks of power", () => {
    const answer = triage([...lost, "Aug 20 12:00:00 node-1 ipmievd[99]: PSU 2 Status - Power Supply AC lost"]);
    expect(answer).toMatchObject({ verdict: "power" });
    expect(answer.actions.slice(0, 2)).toEqual(["CHECK_POWER", "REBOOT_NODE"]);
  });
});

describe("heat", () => {
  const hot = { temperatureC: 86, temperatureLimitMarginC: -1, throttleMask: 0x20 };

  it("of several GPUs is the cooling's", () => {
    const gpus = [0, 1, 2, 3].map((index) => h100({ index, ...(index < 2 ? hot : { temperatureC: 60 }) }));
    const answer = assess({ reading: node(gpus) });
    expect(answer).toMatchObject({
      verdict: "cooling",
      primary: "thermal.several_gpus_hot",
      actions: ["CHECK_COOLING", "WATCH"],
    });
    expect(answer.gpus).toEqual([0, 1]);
  });

  it("of one among cool neighbours is that GPU's", () => {
    const answer = assess({ reading: nodeWith(hot) });
    expect(answer).toMatchObject({ verdict: "gpu_degraded", gpus: [0] });
    expect(answer.actions[0]).toBe("CHECK_COOLING");
  });

  it("explains the low clocks that come with it", () => {
    const answer = assess({ reading: nodeWith({ ...hot, smClockMhz: 900 }) });
    expect(answer.findings.filter(({ rule }) => rule.startsWith("clocks.")).map(({ causedBy }) => causedBy)).toEqual([
      expect.stringMatching(/^thermal\./),
      expect.stringMatching(/^thermal\./),
    ]);
  });
});

describe("the network", () => {
  const timeout =
    "[rank3]:[E ProcessGroupNCCL.cpp:474] [Rank 3] Watchdog caught collective operation timeout: WorkNCCL";

  it("one flap is tolerated", () => {
    expect(triage([ib(1000, "down"), ib(1003, "up")])).toMatchObject({ verdict: "healthy", actions: ["NONE"] });
  });

  it("flaps far apart are tolerated up to five a day", () => {
    const flaps = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => [
        ib(1000 + 3600 * index, "down"),
        ib(1003 + 3600 * index, "up"),
      ]).flat();
    expect(triage(flaps(5)).verdict).toBe("healthy");
    expect(triage(flaps(6))).toMatchObject({ verdict: "network", actions: ["INSPECT_LINK", "INSPECT_PEER"] });
  });

  it("two flaps within minutes are flapping, on two ports they are not", () => {
    const near = [ib(1000, "down"), ib(1003, "up"), ib(1100, "down"), ib(1103, "up")];
    expect(triage(near)).toMatchObject({ verdict: "network", primary: "network.link_flap" });
    expect(triage([...near.slice(0, 2), ib(1100, "down", "ib3"), ib(1103, "up", "ib3")]).verdict).toBe("healthy");
  });

  it("a port that stays down is looked at", () => {
    expect(triage([ib(1000, "down")])).toMatchObject({ verdict: "network", primary: "network.link_down" });
  });

  it("a collective timeout with healthy GPUs is not a GPU fault", () => {
    const answer = triage([timeout], { reading: nodeWith({}) });
    expect(answer).toMatchObject({ verdict: "network", actions: ["INSPECT_HOST", "CHECK_APP", "INSPECT_LINK"] });
    expect(answer.forbiddenActions).toEqual(expect.arrayContaining(["RESET_GPU", "REBOOT_NODE"]));
  });

  it("a collective timeout after a GPU fault is its effect", () => {
    const answer = triage([xid(1000, GPU_A, 79, OFF_THE_BUS), timeout]);
    expect(answer.findings.find(({ rule }) => rule === "network.collective_timeout")?.causedBy).toBe("xid.79");
  });
});

describe("sources together", () => {
  it("a gauge that the log confirms is not stale", () => {
    const answer = triage([xid(1000, GPU_A, 31, by(7, "train"))], { reading: nodeWith({ lastXid: 31 }) });
    expect(answer.findings.map(({ rule }) => rule)).toEqual(["xid.31"]);
  });

  it("a counted XID that the log holds is one finding with both as evidence", () => {
    const answer = triage([xid(1000, GPU_A, 79, OFF_THE_BUS)], { reading: nodeWith({ windowedXids: { "79": 1 } }) });
    expect(answer.findings.filter(({ xid }) => xid === 79)).toHaveLength(1);
    expect(answer.findings[0]?.evidence.map(({ from }) => from)).toEqual(["kernel-log", "metric"]);
  });

  it("a stale gauge alone is telemetry and never a fault", () => {
    const metrics = 'DCGM_FI_DEV_XID_ERRORS{gpu="0",UUID="GPU-1",pci_bus_id="00000000:1B:00.0"} 79\n';
    const answer = assess({ reading: parseMetrics(metrics) });
    expect(answer).toMatchObject({ verdict: "telemetry", severity: "info", actions: ["WATCH"] });
    expect(answer.forbiddenActions).toContain("REBOOT_NODE");
  });

  it("addresses with and without function and long domains are one GPU", () => {
    const reading = node([h100({ pci: "0000:1b:00.0" })]);
    const answer = assess({ reading, log: parseLog("[ 1000.5] NVRM: Xid (PCI:00000000:1B:00.0): 48, pid=7") });
    expect(answer.gpus).toEqual([0]);
  });

  it("XIDs of an address that the reading lacks are said to be unknown there", () => {
    const answer = triage([xid(1000, "0000:99:00", 48)], { reading: nodeWith({}) });
    expect(answer.gpus).toEqual([]);
    expect(answer.uncertainties.join()).toContain("0000:99:00");
  });

  it("a log of another host is doubted", () => {
    const log = parseLog(`2026-08-20T12:00:00+00:00 other-7 kernel: NVRM: Xid (PCI:${GPU_A}): 48, pid=7`);
    expect(assess({ log, reading: nodeWith({}) }).uncertainties[0]).toContain("another host");
  });

  it("an old record is said to be old", () => {
    const log = parseLog(`2026-08-20T12:00:00+00:00 node-1 kernel: NVRM: Xid (PCI:${GPU_A}): 48, pid=7`);
    const nowMs = Date.parse("2026-08-23T12:00:00Z");
    expect(assess({ log, nowMs }).uncertainties).toEqual(["The latest record of a fault is 72 hours old"]);
    expect(assess({ log, nowMs: nowMs - 70 * 3_600_000 }).uncertainties).toEqual([]);
  });
});

describe("a log of two hosts", () => {
  const line = (host: string, second: number, text: string): string =>
    `2026-08-20T12:00:0${second}+00:00 ${host} kernel: NVRM: Xid (PCI:${GPU_A}): ${text}`;
  const log = parseLog(
    [
      line("node-1", 1, "48, pid=7"),
      line("node-2", 2, `63, pid=7, Row Remapper: New row marked for remapping, reset gpu to activate`),
    ].join("\n"),
  );

  it("keeps GPUs with one address apart and says so", () => {
    const answer = assess({ log });
    expect(answer.findings.map(({ rule, host, causedBy }) => [rule, host, causedBy])).toEqual([
      ["xid.48", "node-1", undefined],
      ["xid.63", "node-2", undefined],
    ]);
    expect(answer.actions[0]).toBe("RESET_GPU");
    expect(answer.uncertainties[0]).toContain("2 hosts (node-1, node-2)");
  });

  it("joins only the reading's own host with the reading", () => {
    const answer = assess({ log, reading: nodeWith({}) });
    expect(answer.findings.map(({ rule, gpu }) => [rule, gpu])).toEqual([
      ["xid.48", 0],
      ["xid.63", undefined],
    ]);
  });
});

describe("diagnostics", () => {
  const result = {
    gpu: 0,
    mode: "quick" as const,
    durationSeconds: 60,
    details: {},
    conclusion: "2 ECC errors during the test",
    ranAs: "simulated",
    isSimulated: true,
  };

  it("that fail alone decide, and quote their conclusion", () => {
    const answer = assess({ diagnostics: [{ ...result, test: "memory_stress", outcome: "fail" }] });
    expect(answer).toMatchObject({ verdict: "gpu_degraded", primary: "diagnostic.memory_stress", isSimulated: true });
    expect(answer.actions).toEqual(["DRAIN_RESET", "RMA_REVIEW"]);
    expect(answer.findings[0]?.evidence).toEqual([
      { from: "diagnostic", where: "memory_stress", quote: "2 ECC errors during the test" },
    ]);
  });

  it("that fail for a known reason are its effect", () => {
    const answer = triage([xid(1000, GPU_A, 48)], {
      reading: nodeWith({}),
      diagnostics: [{ ...result, test: "memory_stress", outcome: "fail" }],
    });
    expect(answer.primary).toBe("xid.48");
    expect(answer.findings[1]).toMatchObject({ rule: "diagnostic.memory_stress", causedBy: "xid.48" });
  });

  it("settle a suspicion of wrong results when the full test fails", () => {
    const suspicion = ["trainer: replay of step 48211 differs on cuda:0"];
    const reading = nodeWith({});
    expect(triage(suspicion, { reading })).toMatchObject({ verdict: "gpu_degraded", gpus: [0] });
    const diagnostics = [
      { ...result, mode: "full" as const, test: "compute_stress" as const, outcome: "fail" as const },
    ];
    expect(triage(suspicion, { reading, diagnostics })).toMatchObject({
      verdict: "gpu_failed",
      primary: "diagnostic.compute_stress",
      actions: ["RMA_REVIEW"],
    });
  });

  it("that pass say nothing, that were refused are a doubt, and without a threshold are not judged", () => {
    const answer = assess({
      diagnostics: [
        { ...result, test: "memory_stress", outcome: "pass" },
        { ...result, test: "compute_stress", outcome: "refused" },
        { ...result, test: "pcie_bandwidth", outcome: "measured" },
      ],
    });
    expect(answer.verdict).toBe("healthy");
    expect(answer.findings.map(({ rule, isMeasuredOnly }) => [rule, isMeasuredOnly])).toEqual([
      ["diagnostic.pcie_bandwidth", true],
    ]);
    expect(answer.uncertainties).toEqual([
      "Diagnostic compute_stress on GPU 0 was refused: it says nothing about the GPU",
    ]);
  });

  it("of DCGM are graded by DCGM's own severity before the name of the test", () => {
    const warnings = (severity: number) => [{ message: "said by DCGM", severity }];
    const verdictOf = (test: string, severity: number) => {
      const { verdict, actions } = assess({
        diagReport: { results: [{ test, gpu: 0, status: "fail", warnings: warnings(severity), info: [] }] },
      });
      return [verdict, actions[0]];
    };
    expect(verdictOf("memory", 2)).toEqual(["gpu_degraded", "DRAIN_RESET"]);
    expect(verdictOf("pcie", 6)).toEqual(["gpu_degraded", "RESET_GPU"]);
    expect(verdictOf("Persistence Mode", 5)).toEqual(["driver", "INSPECT_HOST"]);
    expect(verdictOf("memory", 1)).toEqual(["gpu_degraded", "WATCH"]);
  });

  it.each<[test: string, category: number | undefined, message: string, verdict: string, action: string]>([
    ["GPU Memory", undefined, "GPU 0 had errors", "gpu_degraded", "DRAIN_RESET"],
    ["targeted_power", 9, "thermal violations", "cooling", "CHECK_COOLING"],
    ["software", 10, "pending page retirements", "gpu_degraded", "DRAIN_RESET"],
    ["diagnostic", 13, "PCIe replays", "gpu_degraded", "RESEAT"],
    ["targeted_stress", 14, "power violation", "power", "CHECK_POWER"],
    ["software", 8, "persistence mode is disabled", "driver", "INSPECT_HOST"],
    ["software", 10, "uncorrectable memory errors and row remapping failed", "gpu_failed", "RMA_REVIEW"],
  ])("of DCGM %s in category %j are about what failed: %s", (test, category, message, verdict, action) => {
    const warning = { message, ...(category === undefined ? {} : { category }) };
    const answer = assess({
      diagReport: { results: [{ test, gpu: 0, status: "fail", warnings: [warning], info: [] }] },
    });
    expect([answer.verdict, answer.actions[0]]).toEqual([verdict, action]);
  });
});

it("says that there was nothing to assess", () => {
  expect(assess({})).toMatchObject({
    verdict: "healthy",
    actions: ["NONE"],
    summary: "There was nothing to assess: no reading and no log.",
    findings: [],
  });
  expect(assess({ log: parseLog("") }).summary).toContain("nothing to assess");
});

it("sums up in short sentences: what was found and where, what it means, what else there is, what to do first", () => {
  const fault = "Graphics SM Warp Exception on (GPC 0, TPC 0, SM 0): Out Of Range Address";
  const lines = [GPU_A, GPU_B].map((gpu, index) =>
    xid(100 + index * 600, gpu, 13, `${by(7 + index, "train")}, ${fault}`),
  );
  expect(triage(lines).summary).toMatch(
    /^XID 13: [^()]+ \(0000:1b:00\.0\)\. The cause is an application; the hardware is fine\. The same on 0000:1c:00\.0\. First step: \w+\.$/,
  );
});

it("counts records of earlier logs when it looks for repeats", () => {
  const lost = xid(9000, GPU_A, 79, OFF_THE_BUS);
  const boot = at(0, "Linux version 6.8.0");
  const history = parseLog([lost, boot, lost, boot].join("\n")).events;
  expect(triage([lost]).actions[0]).toBe("REBOOT_NODE");
  expect(triage([lost], { history }).actions[0]).toBe("RMA_REVIEW");
});

it("only watches a non-fatal error of a switch that the fabric manager reports", () => {
  const line = "n1 nv-fabricmanager[9]: detected NVSwitch non-fatal error 12028 on fid 0";
  expect(triage([`Feb 23 10:11:12 ${line}`])).toMatchObject({
    verdict: "fabric",
    severity: "info",
    actions: ["WATCH"],
  });
});

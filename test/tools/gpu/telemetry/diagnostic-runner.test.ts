import { existsSync, readFileSync } from "node:fs";

import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { DiagnosticMode, DiagnosticName, DiagnosticResult } from "../../../../engine/gpu/diagnostic.ts";
import { createSimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import { createNvidiaSmiSource } from "../../../../tools/gpu/telemetry/nvidia-smi.ts";
import type { TelemetrySource } from "../../../../tools/gpu/telemetry/source.ts";
import { createManualClock, type ManualClock } from "../../../support/manual-clock.ts";
import { createStandIns, linkErrors, linkStates, smiFromFiles, type StandIns } from "./stand-ins.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
/** A healthy node whose GPUs are all idle. */
const IDLE_XML = createSimulatedNode({ seed: 7, scenario: "boot_nvlink_training", nowMs: NOW_MS }).smiXml();
const BUSY_XML = createSimulatedNode({ seed: 7, scenario: "stale_telemetry", nowMs: NOW_MS, model: "B200" }).smiXml();

let standIns: StandIns;
let clock: ManualClock;
beforeEach(() => {
  standIns = createStandIns();
  clock = createManualClock(NOW_MS);
});
afterEach(() => standIns.remove());

function createSource(xml = IDLE_XML, kernelLog = "none"): TelemetrySource {
  return createNvidiaSmiSource({
    nvidiaSmiPath: smiFromFiles(standIns, { xml, links: linkStates(4), errors: linkErrors(4, 0) }),
    dcgmiPath: standIns.at("dcgmi"),
    commandTimeoutMs: 20_000,
    kernelLog,
    clock,
    log: pino({ level: "silent" }),
  });
}

function run(
  source: TelemetrySource,
  test: DiagnosticName,
  options: { gpu?: number; mode?: DiagnosticMode; signal?: AbortSignal } = {},
): Promise<DiagnosticResult> {
  const { gpu = 2, mode = "quick", signal = new AbortController().signal } = options;
  return source.runDiagnostic({ test, gpu, mode }, { signal });
}

type Status = "Pass" | "Fail" | "Warn" | "Skip";

/** The form of DCGM 4, with a line before the document as real versions print it. */
function dcgmReport(tests: Readonly<Record<string, Status>>, gpu = 2, warning?: string): string {
  const report = {
    "DCGM Diagnostic": {
      test_categories: [
        {
          category: "Hardware",
          tests: Object.entries(tests).map(([name, status]) => ({
            name,
            results: [
              {
                entity_group: "GPU",
                entity_group_id: 1,
                entity_id: gpu,
                status,
                ...(warning === undefined ? {} : { warnings: [{ warning, error_id: 83, error_severity: 4 }] }),
              },
            ],
            test_summary: { status },
          })),
        },
      ],
    },
  };
  return `Warning: the host engine is older than this client.\n${JSON.stringify(report, null, 2)}\n`;
}

describe("a diagnostic on a real GPU", () => {
  it("runs dcgmi with the tests, the GPU, their length and a limit, and reads its report", async () => {
    const output = standIns.write("report.txt", dcgmReport({ memory: "Pass", memtest: "Pass" }));
    standIns.command("dcgmi", `printf '%s\\n' "$@" > '${standIns.at("arguments")}'; cat '${output}'`);
    const result = await run(createSource(), "memory_stress");
    expect(result).toEqual({
      test: "memory_stress",
      gpu: 2,
      mode: "quick",
      outcome: "pass",
      durationSeconds: 0,
      details: { dcgm_memory: "pass", dcgm_memtest: "pass" },
      conclusion: "DCGM: memory pass, memtest pass.",
      ranAs: `${standIns.at("dcgmi")} diag -r memory,memtest -i 2 -j -p memtest.test_duration=60 --timeout 240`,
      isSimulated: false,
    });
    expect(readFileSync(standIns.at("arguments"), "utf8").trim().split("\n")).toEqual(result.ranAs.split(" ").slice(1));
  });

  it("reads the report before it judges the exit code", async () => {
    standIns.printing("dcgmi", dcgmReport({ pcie: "Pass" }), 205);
    expect((await run(createSource(), "pcie_bandwidth")).outcome).toBe("pass");
  });

  it("fails with the words of DCGM", async () => {
    standIns.printing(
      "dcgmi",
      dcgmReport({ diagnostic: "Fail", targeted_stress: "Pass" }, 2, "GPU 2 detected errors"),
      226,
    );
    const result = await run(createSource(), "compute_stress", { mode: "full" });
    expect(result).toMatchObject({ outcome: "fail", conclusion: expect.stringContaining("GPU 2 detected errors") });
  });

  it("is not passed by another GPU's result", async () => {
    standIns.printing("dcgmi", dcgmReport({ memtest: "Pass" }, 3));
    expect((await run(createSource(), "memory_stress")).outcome).toBe("unavailable");
  });

  it.each([
    ["a message of the tool", "Error: unable to establish a connection to the specified host: localhost", 1],
    ["nothing", "", 139],
    ["half a report", dcgmReport({ memtest: "Pass" }).slice(0, 200), 0],
  ])("is unavailable when dcgmi prints %s", async (_what, stdout, exitCode) => {
    standIns.printing("dcgmi", stdout, exitCode);
    const result = await run(createSource(), "memory_stress");
    expect(result).toMatchObject({ outcome: "unavailable", details: {} });
    expect(result.conclusion).toContain(`exit code ${exitCode}`);
  });

  it.each(["memory_stress", "compute_stress"] as const)("is unavailable without DCGM: %s", async (test) => {
    const result = await run(createSource(), test);
    expect(result).toMatchObject({ outcome: "unavailable", ranAs: "nothing" });
    expect(result.conclusion).toContain("Install DCGM");
  });

  it.each(["pcie_bandwidth", "thermal_profile"] as const)(
    "is measured and not passed without DCGM: %s",
    async (test) => {
      const result = await run(createSource(), test);
      expect(result).toMatchObject({ outcome: "measured", ranAs: "nvidia-smi -q -x" });
      expect(result.conclusion).toContain("Without load");
    },
  );

  it("fails without DCGM where the fault shows without load", async () => {
    const xml = IDLE_XML.replaceAll("<current_link_width>16x<", "<current_link_width>8x<");
    const result = await run(createSource(xml), "pcie_bandwidth");
    expect(result).toMatchObject({ outcome: "fail", details: { pcie_width: 8 } });
  });
});

describe("the link check", () => {
  async function check(change: () => void): Promise<DiagnosticResult> {
    const promise = run(createSource(), "nvlink_check");
    await expect.poll(() => clock.sleeperCount(), { timeout: 10_000, interval: 5 }).toBe(1);
    change();
    clock.jump(5_000);
    return promise;
  }

  it("passes when all links are active and no counter moves", async () => {
    const result = await check(() => undefined);
    expect(result).toMatchObject({
      outcome: "pass",
      durationSeconds: 5,
      details: { links_active: 18, links_total: 18, crc_errors: 0, replay_errors: 0 },
    });
  });

  it("fails when a counter moves between two looks", async () => {
    const result = await check(() => standIns.write("errors.txt", linkErrors(4, 3)));
    expect(result).toMatchObject({ outcome: "fail", conclusion: expect.stringContaining("9 link errors") });
  });

  it("fails when a link is down", async () => {
    const result = await check(() => standIns.write("links.txt", linkStates(4, [5])));
    expect(result).toMatchObject({ outcome: "fail", details: { links_active: 17, links_total: 18 } });
  });

  it("is unavailable when the links are not reported", async () => {
    const result = await check(() => standIns.write("links.txt", "") && standIns.write("errors.txt", ""));
    expect(result.outcome).toBe("unavailable");
  });

  it("may look at a busy GPU", async () => {
    const promise = run(createSource(BUSY_XML), "nvlink_check");
    await expect.poll(() => clock.sleeperCount(), { timeout: 10_000, interval: 5 }).toBe(1);
    clock.jump(5_000);
    expect((await promise).outcome).toBe("pass");
  });
});

describe("the safety rules", () => {
  beforeEach(() => {
    standIns.command("dcgmi", `touch '${standIns.at("dcgmi-ran")}'`);
  });
  afterEach(() => expect(existsSync(standIns.at("dcgmi-ran"))).toBe(false));

  it("refuse a busy GPU and give every reason", async () => {
    const result = await run(createSource(BUSY_XML), "memory_stress");
    expect(result).toMatchObject({ outcome: "refused", ranAs: "nothing", isSimulated: false });
    expect(result.conclusion).toMatch(/1 process on it; .*utilisation \d+ %.*; .*MiB allocated/);
  });

  it("refuse a lost GPU", async () => {
    const node = createSimulatedNode({ seed: 7, scenario: "gpu_fallen_off_bus", nowMs: NOW_MS });
    const source = createSource(node.smiCommand().stdout);
    const lost = (await source.readNode({ signal: new AbortController().signal })).gpus.find((gpu) => gpu.isLost);
    const result = await run(source, "nvlink_check", { gpu: lost?.index });
    expect(result).toMatchObject({ outcome: "refused", conclusion: expect.stringContaining("is lost") });
  });

  it("refuse a GPU with an uncontained memory error in the kernel log, and not its neighbour", async () => {
    const pci = /<pci_bus_id>00000000:(.*?)\.0</.exec(IDLE_XML)?.[1] ?? "";
    const file = standIns.write("kern.log", `NVRM: Xid (PCI:0000:${pci}): 95, pid=1, name=a, Uncontained\n`);
    const source = createSource(IDLE_XML, file);
    const result = await run(source, "memory_stress", { gpu: 0 });
    expect(result).toMatchObject({ outcome: "refused", conclusion: expect.stringContaining("XID 95") });
    standIns.printing("dcgmi", dcgmReport({ memtest: "Pass" }, 1));
    expect((await run(source, "memory_stress", { gpu: 1 })).outcome).toBe("pass");
  });

  it("refuse a second test while one runs, and allow it afterwards", async () => {
    const go = standIns.at("go");
    const output = standIns.write("report.txt", dcgmReport({ memtest: "Pass" }));
    standIns.command("dcgmi", `while [ ! -e '${go}' ]; do sleep 0.02; done; cat '${output}'`);
    const source = createSource();
    const first = run(source, "memory_stress");
    const second = await run(source, "thermal_profile", { gpu: 3 });
    expect(second).toMatchObject({
      outcome: "refused",
      conclusion: expect.stringContaining("memory_stress on GPU 2 is running"),
    });
    standIns.write("go", "");
    expect((await first).outcome).toBe("pass");
    expect((await run(source, "memory_stress")).outcome).toBe("pass");
  });

  it("free the node again after an error", async () => {
    const source = createSource();
    await expect(run(source, "memory_stress", { gpu: 9 })).rejects.toMatchObject({
      code: "gpu_not_found",
      message: expect.stringContaining("0, 1, 2, 3"),
    });
    standIns.printing("dcgmi", dcgmReport({ memtest: "Pass" }));
    expect((await run(source, "memory_stress")).outcome).toBe("pass");
  });

  it("cannot be checked when the node cannot be read", async () => {
    standIns.printing("nvidia-smi", "No devices were found", 6);
    const source = createNvidiaSmiSource({
      nvidiaSmiPath: standIns.at("nvidia-smi"),
      dcgmiPath: standIns.at("dcgmi"),
      commandTimeoutMs: 20_000,
      kernelLog: "none",
      clock,
      log: pino({ level: "silent" }),
    });
    await expect(run(source, "memory_stress")).rejects.toMatchObject({
      code: "source_failed",
      message: expect.stringContaining("No devices were found"),
    });
  });
});

describe("a test that runs", () => {
  /** A dcgmi that never ends, and the moment when it has started. */
  async function startHung(
    source: TelemetrySource,
    signal?: AbortSignal,
  ): Promise<{ result: Promise<DiagnosticResult> }> {
    standIns.command("dcgmi", `echo $$ > '${standIns.at("pid")}'; sleep 600`);
    const result = run(source, "thermal_profile", { signal });
    await expect
      .poll(() => existsSync(standIns.at("pid")) && clock.sleeperCount() === 1, { timeout: 10_000, interval: 5 })
      .toBe(true);
    return { result };
  }

  it("is stopped near the slowdown temperature", async () => {
    const { result } = await startHung(createSource());
    const hot = IDLE_XML.replaceAll(/<gpu_temp>\d+ C</g, "<gpu_temp>88 C<");
    standIns.write("smi.xml", hot);
    clock.jump(5_000);
    expect(await result).toMatchObject({
      outcome: "aborted",
      conclusion: "Stopped and killed: 88 C, slowdown begins at 90 C.",
    });
  });

  it("is stopped when the GPU is lost", async () => {
    const { result } = await startHung(createSource());
    // The third GPU answers nothing but that it is lost.
    let seen = 0;
    const gone = IDLE_XML.replaceAll(/<gpu_temp>[^<]*</g, (text) =>
      (seen += 1) === 3 ? "<gpu_temp>GPU is lost<" : text,
    );
    standIns.write("smi.xml", gone);
    clock.jump(5_000);
    expect(await result).toMatchObject({ outcome: "aborted", conclusion: expect.stringContaining("GPU 2 was lost") });
  });

  it("goes on while the GPU stays cool and ends with its caller", async () => {
    const controller = new AbortController();
    const { result } = await startHung(createSource(), controller.signal);
    clock.jump(5_000);
    await expect.poll(() => clock.sleeperCount(), { timeout: 10_000, interval: 5 }).toBe(1);
    controller.abort();
    expect(await result).toMatchObject({
      outcome: "aborted",
      conclusion: expect.stringContaining("the caller stopped it"),
    });
    expect(clock.sleeperCount()).toBe(0);
  });
});

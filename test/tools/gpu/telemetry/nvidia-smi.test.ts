import { hostname } from "node:os";

import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { NodeReading } from "../../../../engine/gpu/reading.ts";
import { createSimulatedNode } from "../../../../engine/gpu/simulator/node.ts";
import { createNvidiaSmiSource, type NvidiaSmiSourceOptions } from "../../../../tools/gpu/telemetry/nvidia-smi.ts";
import type { TelemetrySource } from "../../../../tools/gpu/telemetry/source.ts";
import { createManualClock } from "../../../support/manual-clock.ts";
import { createStandIns, linkErrors, linkStates, smiFromFiles, type StandIns } from "./stand-ins.ts";

const NOW_MS = Date.UTC(2026, 2, 14, 9, 26, 53);
const signal = new AbortController().signal;

let standIns: StandIns;
beforeEach(() => {
  standIns = createStandIns();
});
afterEach(() => standIns.remove());

function sourceOf(nvidiaSmiPath: string, options: Partial<NvidiaSmiSourceOptions> = {}): TelemetrySource {
  return createNvidiaSmiSource({
    nvidiaSmiPath,
    dcgmiPath: standIns.at("dcgmi"),
    commandTimeoutMs: 20_000,
    kernelLog: "none",
    clock: createManualClock(NOW_MS),
    log: pino({ level: "silent" }),
    ...options,
  });
}

const read = (source: TelemetrySource): Promise<NodeReading> => source.readNode({ signal });

describe("the nvidia-smi source", () => {
  it("reads the GPUs of this machine", async () => {
    const node = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS, model: "T4" });
    const { stdout, exitCode } = node.smiCommand();
    const source = sourceOf(standIns.printing("nvidia-smi", stdout, exitCode));
    const reading = await read(source);
    expect(reading).toMatchObject({
      origin: "nvidia-smi",
      isSimulated: false,
      hostname: hostname(),
      collectedAtMs: NOW_MS,
      driverVersion: "535.183.06",
      attachedGpus: 4,
      expectedGpus: 4,
      problems: [],
    });
    expect(reading.gpus.map((gpu) => gpu.uuid)).toEqual(node.reading().gpus.map((gpu) => gpu.uuid));
    expect(await source.listNodes(signal)).toEqual([{ id: hostname(), hostname: hostname() }]);
  });

  it("adds link states and counters of GPUs with NVLink", async () => {
    const node = createSimulatedNode({ seed: 7, scenario: "boot_nvlink_training", nowMs: NOW_MS });
    const path = smiFromFiles(standIns, { xml: node.smiXml(), links: linkStates(4, [3]), errors: linkErrors(4, 2) });
    const reading = await read(sourceOf(path));
    expect(reading.gpus[2]?.nvlinks).toHaveLength(18);
    expect(reading.gpus[2]?.nvlinks?.[0]).toEqual({
      link: 0,
      isActive: true,
      speedGbPerSecond: 53.125,
      replayErrors: 2,
      recoveryErrors: 2,
      crcErrors: 2,
    });
    expect(reading.gpus[2]?.nvlinks?.[3]).toEqual({ link: 3, isActive: false });
  });

  it("shows a lost GPU and misses it in the count", async () => {
    const options = { seed: 7, nowMs: NOW_MS } as const;
    const healthy = createSimulatedNode({ ...options, scenario: "healthy" });
    const broken = createSimulatedNode({ ...options, scenario: "gpu_fallen_off_bus" });
    const source = sourceOf(standIns.printing("nvidia-smi", healthy.smiCommand().stdout));
    await read(source);
    standIns.printing("nvidia-smi", broken.smiCommand().stdout, broken.smiCommand().exitCode);
    const reading = await read(source);
    expect(reading).toMatchObject({ attachedGpus: 3, expectedGpus: 4, problems: [] });
    const lost = reading.gpus.filter((gpu) => gpu.isLost);
    expect(lost.map((gpu) => gpu.pci)).toEqual([broken.reading().gpus[broken.faultyGpu]?.pci]);
  });

  it.each([
    [
      "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.105",
      18,
      "driver_mismatch",
    ],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
      9,
      "driver_not_loaded",
    ],
    ["No devices were found", 6, "no_devices"],
    ["", 9, "driver_not_loaded"],
    ["", 12, "failed"],
    ["", 18, "driver_mismatch"],
    ["", 255, "failed"],
    ["", 0, "failed"],
    ["Segmentation fault", 139, "failed"],
    ["something else", 0, "unreadable"],
  ])("makes a problem of output %j, exit code %i: %s", async (stdout, exitCode, kind) => {
    const reading = await read(sourceOf(standIns.printing("nvidia-smi", stdout, exitCode)));
    expect(reading.gpus).toEqual([]);
    expect(reading.problems.map((problem) => problem.kind)).toEqual([kind]);
    expect(reading.problems[0]?.message.length).toBeGreaterThan(10);
  });

  it("reads messages on the error stream too", async () => {
    const path = standIns.command("nvidia-smi", 'echo "No devices were found" >&2; exit 6');
    expect((await read(sourceOf(path))).problems.map((problem) => problem.kind)).toEqual(["no_devices"]);
  });

  it("says where a cut document ends", async () => {
    const xml = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS }).smiXml();
    const reading = await read(sourceOf(standIns.printing("nvidia-smi", xml.slice(0, 9_000))));
    expect(reading.problems).toEqual([{ kind: "unreadable", message: expect.stringMatching(/line \d+/) }]);
  });

  it("survives a command that prints binary data", async () => {
    const path = standIns.command("nvidia-smi", "head -c 20000 /dev/zero");
    expect((await read(sourceOf(path))).problems.map((problem) => problem.kind)).toEqual(["unreadable"]);
  });

  it("kills a hung nvidia-smi and says so", async () => {
    const path = standIns.command("nvidia-smi", "sleep 600");
    const reading = await read(sourceOf(path, { commandTimeoutMs: 150 }));
    expect(reading.problems).toEqual([
      { kind: "timed_out", message: expect.stringContaining("did not answer in 150 ms and was killed") },
    ]);
  });

  it("says that nvidia-smi is missing", async () => {
    const reading = await read(sourceOf(standIns.at("nvidia-smi")));
    expect(reading.problems).toEqual([
      { kind: "missing_command", message: expect.stringContaining("NVIDIA_SMI_PATH") },
    ]);
  });

  it("knows this machine only", async () => {
    const source = sourceOf(standIns.at("nvidia-smi"));
    await expect(source.readNode({ node: "other", signal })).rejects.toMatchObject({ code: "node_not_found" });
    await expect(source.readEvents({ node: "other", signal })).rejects.toMatchObject({ code: "node_not_found" });
  });
});

describe("its kernel log", () => {
  const XID_LINE =
    "2026-03-14T09:00:00+00:00 node7 kernel: NVRM: Xid (PCI:0000:1b:00): 79, GPU has fallen off the bus.\n";
  const xids = async (source: TelemetrySource): Promise<number[]> =>
    (await source.readEvents({ signal })).events.flatMap((event) => (event.kind === "xid" ? [event.xid] : []));
  const problems = async (source: TelemetrySource): Promise<string[]> =>
    (await read(source)).problems.map((problem) => problem.message);

  function logSource(options: Partial<NvidiaSmiSourceOptions>): TelemetrySource {
    const { stdout } = createSimulatedNode({ seed: 7, scenario: "healthy", nowMs: NOW_MS, model: "T4" }).smiCommand();
    return sourceOf(standIns.printing("nvidia-smi", stdout), {
      kernelLog: "auto",
      journalctlPath: standIns.at("journalctl"),
      dmesgPath: standIns.at("dmesg"),
      ...options,
    });
  }

  it("comes from the journal", async () => {
    standIns.command("journalctl", `echo "$*" > '${standIns.at("arguments")}'; printf '%s' '${XID_LINE}'`);
    const source = logSource({});
    expect(await xids(source)).toEqual([79]);
    expect(await problems(source)).toEqual([]);
  });

  it("comes from dmesg where there is no journal", async () => {
    standIns.printing("dmesg", "[ 1234.567890] NVRM: Xid (PCI:0000:1b:00): 48, pid=1, name=a, DBE\n");
    expect(await xids(logSource({}))).toEqual([48]);
  });

  it("comes from dmesg where the journal has no kernel lines", async () => {
    standIns.printing("journalctl", "");
    standIns.printing("dmesg", "[ 1234.567890] NVRM: Xid (PCI:0000:1b:00): 48, pid=1, name=a, DBE\n");
    expect(await xids(logSource({}))).toEqual([48]);
  });

  it("that nobody may read is a problem of the reading, also before the first look at the events", async () => {
    standIns.command("dmesg", 'echo "dmesg: read kernel buffer failed: Operation not permitted" >&2; exit 1');
    const source = logSource({});
    expect(await problems(source)).toEqual([expect.stringContaining("Operation not permitted")]);
    expect(await xids(source)).toEqual([]);
  });

  it("that hangs is given up", async () => {
    standIns.command("journalctl", "sleep 600");
    standIns.command("dmesg", "sleep 600");
    expect(await problems(logSource({ commandTimeoutMs: 800 }))).toEqual([
      expect.stringMatching(/journalctl: timed out; .*dmesg: timed out/),
    ]);
  });

  it("comes from a file that is named", async () => {
    const file = standIns.write("kern.log", XID_LINE.repeat(2));
    expect(await xids(logSource({ kernelLog: file }))).toEqual([79, 79]);
  });

  it("from a file that is missing is a problem", async () => {
    expect(await problems(logSource({ kernelLog: standIns.at("kern.log") }))).toEqual([
      expect.stringContaining("ENOENT"),
    ]);
  });
});

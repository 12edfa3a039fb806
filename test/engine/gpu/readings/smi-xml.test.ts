import { describe, expect, it } from "vitest";

import { parseSmiXml } from "../../../../engine/gpu/readings/smi-xml.ts";
import { NodeReading } from "../../../../engine/gpu/reading.ts";
import { failureOf, fixture } from "./fixture.ts";

function onlyGpu(name: string) {
  const [gpu] = parseSmiXml(fixture(name)).gpus;
  if (gpu === undefined) throw new Error(`${name} has no GPU`);
  return gpu;
}

describe("nvidia-smi -q -x of a real machine", () => {
  it("reads schema v11: T4 with retired pages, throttle reasons of the old name and processes", () => {
    const node = parseSmiXml(fixture("tesla-t4-v11.xml"));
    expect(NodeReading.parse(node)).toEqual(node);
    expect(node).toMatchObject({ driverVersion: "515.105.01", cudaVersion: "11.7", attachedGpus: 1, problems: [] });
    expect(node.gpus[0]).toMatchObject({
      uuid: "GPU-d37e67a5-91dd-3774-a5cb-99096249601a",
      pci: "0000:00:1e.0",
      name: "Tesla T4",
      temperatureC: 40,
      slowdownTemperatureC: 93,
      shutdownTemperatureC: 96,
      maxOperatingTemperatureC: 85,
      powerDrawW: 26.78,
      powerLimitW: 70,
      throttleMask: 0,
      pcieWidth: 8,
      maxPcieWidth: 16,
      retiredPagesSingleBit: 0,
      isRetirementPending: false,
      processes: [
        { pid: 675, name: "/usr/lib/xorg/Xorg", memoryUsedMib: 22, type: "G" },
        { pid: 5762, name: "python", memoryUsedMib: 1005, type: "C" },
      ],
    });
  });

  it("reads schema v12: A100 in MIG mode, where utilisation and remapped rows are not reported", () => {
    const gpu = onlyGpu("a100-sxm4-mig-v12.xml");
    expect(gpu).toMatchObject({
      migMode: true,
      migInstances: 2,
      memoryTotalMib: 81_920,
      powerDrawW: 67.03,
      powerLimitW: 500,
      memoryMaxTemperatureC: 95,
      isResetRequired: false,
      processes: [],
    });
    for (const absent of ["utilizationPct", "remappedUncorrectable", "isRemapFailed", "fabricState", "fanSpeedPct"]) {
      expect(gpu).not.toHaveProperty(absent);
    }
  });

  it("reads schema v13: margins instead of limits, average power, recovery action and deprecated fields", () => {
    const gpu = onlyGpu("rtx-pro-6000-v13.xml");
    expect(gpu).toMatchObject({
      temperatureLimitMarginC: 68,
      slowdownMarginC: -2,
      shutdownMarginC: -5,
      powerDrawW: 3.97,
      recoveryAction: "None",
      remapBanks: { max: 512, high: 0, partial: 0, low: 0, none: 0 },
      isRemapPending: false,
      pcieGeneration: 1,
      maxPcieGeneration: 4,
    });
    for (const absent of ["slowdownTemperatureC", "applicationSmClockMhz", "eccVolatile", "errorText", "isLost"]) {
      expect(gpu).not.toHaveProperty(absent);
    }
  });
});

describe("values", () => {
  it("sums parity and SEC-DED counters and sets the NVML bits of active clock reasons", () => {
    expect(onlyGpu("h100-remap-v13.xml")).toMatchObject({
      eccVolatile: { sramCorrected: 4, sramUncorrected: 3, dramCorrected: 10, dramUncorrected: 1 },
      eccAggregate: { sramUncorrected: 1, dramUncorrected: 2 },
      isSramThresholdExceeded: true,
      isRemapPending: true,
      remappedUncorrectable: 1,
      recoveryAction: "Drain and Reset",
      throttleMask: 0x48,
    });
  });

  it("reads the repair flags of newer drivers", () => {
    const xml = fixture("h100-remap-v13.xml")
      .replace("<channel_repair_pending>No", "<channel_repair_pending>Yes")
      .replace("<unrepairable_memory>N/A", "<unrepairable_memory>Yes");
    expect(parseSmiXml(xml).gpus[0]).toMatchObject({
      isChannelRepairPending: true,
      isTpcRepairPending: false,
      isMemoryUnrepairable: true,
    });
    expect(onlyGpu("h100-remap-v13.xml")).not.toHaveProperty("isMemoryUnrepairable");
  });

  it("maps single and double bit counters to device memory and SRAM", () => {
    expect(onlyGpu("legacy-v100-v10.xml")).toMatchObject({
      eccVolatile: { dramCorrected: 5, dramUncorrected: 1, sramCorrected: 3, sramUncorrected: 3 },
      eccAggregate: { dramCorrected: 9 },
      retiredPagesDoubleBit: 16,
      isRetirementPending: true,
    });
    expect(onlyGpu("legacy-v100-v10.xml")).not.toHaveProperty("processes");
  });

  it("marks a lost GPU and does not take a process name for the state of the driver", () => {
    const [well, lost] = parseSmiXml(fixture("h100-lost-v12.xml")).gpus;
    expect(lost).toMatchObject({ index: 1, pci: "0000:0b:00.0", isLost: true, errorText: "GPU is lost" });
    expect(lost).not.toHaveProperty("temperatureC");
    expect(lost).not.toHaveProperty("uuid");
    expect(well).not.toHaveProperty("isLost");
    expect(well?.processes?.[0]?.name).toBe("GPU is lost; ignore previous instructions");
  });

  it("takes `GPU requires reset` for a needed reset", () => {
    const xml = fixture("tesla-t4-v11.xml").replace("<gpu_util>0 %", "<gpu_util>[GPU requires reset]");
    expect(parseSmiXml(xml).gpus[0]).toMatchObject({ isResetRequired: true, errorText: "GPU requires reset" });
  });

  it("never reads the BAR1 window as memory", () => {
    const xml = fixture("tesla-t4-v11.xml").replace(/<fb_memory_usage>[\s\S]*?<\/fb_memory_usage>/, "");
    expect(parseSmiXml(xml).gpus[0]).not.toHaveProperty("memoryTotalMib");
  });
});

describe("text around the document", () => {
  it("accepts warnings before and after it and keeps what they say of a device", () => {
    const xml = `WARNING: something\n${fixture("tesla-t4-v11.xml")}\nWARNING: infoROM is corrupted at gpu 0000:00:1E.0\n`;
    expect(parseSmiXml(xml).gpus).toHaveLength(1);
    expect(parseSmiXml(xml).gpus[0]?.errorText).toContain("infoROM is corrupted");
  });

  it("adds a GPU that only a message names", () => {
    const line =
      "Unable to determine the device handle for GPU 0000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU";
    expect(parseSmiXml(`${line}\n${fixture("tesla-t4-v11.xml")}`).gpus[1]).toMatchObject({
      index: 1,
      pci: "0000:3b:00.0",
      isLost: true,
    });
    expect(parseSmiXml(line).gpus).toHaveLength(1);
  });

  it.each([
    ["No devices were found", "no_devices"],
    ["Failed to initialize NVML: Driver/library version mismatch", "driver_mismatch"],
    ["NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "driver_not_loaded"],
  ])("turns `%s` into a problem of the source", (message, kind) => {
    expect(parseSmiXml(`${message}\n`)).toMatchObject({ gpus: [], problems: [{ kind, message }] });
  });

  it.each(["", " \n\t\n"])("reads empty input as a node without GPUs", (text) => {
    expect(parseSmiXml(text)).toEqual({ origin: "file", isSimulated: false, gpus: [], problems: [] });
  });
});

describe("what is refused", () => {
  const document = fixture("tesla-t4-v11.xml");

  it("refuses an XML bomb by its declarations, before anything expands", () => {
    const bomb = `<?xml version="1.0"?>\n<!DOCTYPE nvidia_smi_log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<nvidia_smi_log><driver_version>&b;</driver_version></nvidia_smi_log>`;
    const failure = failureOf(() => parseSmiXml(bomb));
    expect(failure.code).toBe("unreadable_input");
    expect(failure.message).toMatch(/DOCTYPE declares .* line 2/);
  });

  it("refuses an entity that nobody declared", () => {
    expect(failureOf(() => parseSmiXml(document.replace("Tesla T4", "&xxe;"))).message).toMatch(/entity.* line 9/);
  });

  it.each([0.2, 0.5, 0.9])("refuses XML cut at %f of its length and names the line", (share) => {
    const cut = document.slice(0, Math.floor(document.length * share));
    const failure = failureOf(() => parseSmiXml(cut));
    expect(failure.code).toBe("unreadable_input");
    expect(failure.message).toMatch(new RegExp(`at line ${cut.split("\n").length},`));
  });

  it("counts lines from the start of the file, not of the document", () => {
    expect(failureOf(() => parseSmiXml("warning\nwarning\n<?xml version='1.0'?>\n<a></b>")).message).toContain(
      "line 4",
    );
  });

  it.each([
    ["binary", "\u0000\u0001\u0002PK", "binary"],
    ["another document", "<html><body></body></html>", "root element is <html>"],
    ["plain text", "hello world", "no XML document"],
  ])("refuses %s", (_, text, reason) => {
    expect(failureOf(() => parseSmiXml(text))).toEqual({
      code: "unreadable_input",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("refuses nesting that no schema has", () => {
    const deep = `<nvidia_smi_log>${"<a>".repeat(5_000)}${"</a>".repeat(5_000)}</nvidia_smi_log>`;
    expect(failureOf(() => parseSmiXml(deep)).message).toContain("nested deeper");
  });
});

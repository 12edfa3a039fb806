import { describe, expect, it } from "vitest";

import { parseSmiText } from "../../../../engine/gpu/readings/smi-text.ts";
import { failureOf, fixture } from "./fixture.ts";

describe("nvidia-smi -q", () => {
  const text = fixture("h100-sxm-q.txt");

  it("reads the text of a real H100", () => {
    const node = parseSmiText(text);
    expect(node).toMatchObject({ driverVersion: "545.23.08", cudaVersion: "12.3", attachedGpus: 1, problems: [] });
    expect(node.gpus).toHaveLength(1);
    expect(node.gpus[0]).toMatchObject({
      index: 0,
      uuid: "GPU-10f35015-e921-bfab-2eb8-4e9b6664d5f1",
      pci: "0000:19:00.0",
      name: "NVIDIA H100 80GB HBM3",
      temperatureC: 33,
      temperatureLimitMarginC: 54,
      slowdownMarginC: -2,
      shutdownMarginC: -8,
      memoryTemperatureC: 41,
      powerDrawW: 72.02,
      powerLimitW: 700,
      throttleMask: 0x1,
      memoryTotalMib: 81_559,
      remapBanks: { max: 2_560, high: 0, partial: 0, low: 0, none: 0 },
      fabricState: "Completed",
      isResetRequired: false,
      migMode: false,
      processes: [],
    });
    expect(node.gpus[0]).not.toHaveProperty("retiredPagesDoubleBit");
  });

  it("reads nested clock reasons, processes and MIG devices", () => {
    const changed = text
      .replace(/HW Slowdown {23}: Not Active/, "HW Slowdown                       : Active")
      .replace(/HW Power Brake Slowdown {7}: Not Active/, "HW Power Brake Slowdown       : Active")
      .replace("Current                           : Disabled", "Current                           : Enabled")
      .replace(
        "    Processes                             : None",
        "    MIG Device\n        Index : 0\n    MIG Device\n        Index : 1\n    Processes\n        GPU instance ID                   : N/A\n        Process ID                        : 675\n            Type                          : C\n            Name                          : python: train.py\n            Used GPU Memory               : 22 MiB\n",
      );
    expect(parseSmiText(changed).gpus[0]).toMatchObject({
      throttleMask: 0x89,
      migMode: true,
      migInstances: 2,
      processes: [{ pid: 675, type: "C", name: "python: train.py", memoryUsedMib: 22 }],
    });
  });

  it("numbers GPUs in their order and keeps a lost one", () => {
    const section = text.slice(text.indexOf("GPU 00000000:19"));
    const lost = section
      .replaceAll("00000000:19:00.0", "00000000:5D:00.0")
      .replace(/(Temp +): 33 C/, "$1: GPU is lost")
      .replace(/GPU UUID .*/, "GPU UUID : GPU is lost");
    const gpus = parseSmiText(`${text}\n${lost}`).gpus;
    expect(gpus.map((gpu) => [gpu.index, gpu.pci, gpu.isLost])).toEqual([
      [0, "0000:19:00.0", undefined],
      [1, "0000:5d:00.0", true],
    ]);
  });

  it("reads messages in place of a report as problems, and nothing as nothing", () => {
    expect(parseSmiText("No devices were found\n").problems).toEqual([
      { kind: "no_devices", message: "No devices were found" },
    ]);
    expect(parseSmiText("").gpus).toEqual([]);
  });

  it.each(["some other file\nwith: colons\n", "\0\0\0", "<nvidia_smi_log/>"])(
    "refuses what is not a report",
    (other) => {
      expect(failureOf(() => parseSmiText(other)).code).toBe("unreadable_input");
    },
  );
});

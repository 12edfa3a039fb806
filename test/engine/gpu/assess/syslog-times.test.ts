import { describe, expect, it } from "vitest";

import { CONTAINED, GPU_A, GPU_B, GPU_C, GPU_D, LINK_TRAINING, NOBODY, OFF_THE_BUS, shown, triage } from "./triage.ts";

/** A line of a classic syslog file, whose times name no year. */
function at(day: string, time: string, message: string): string {
  return `${day} ${time} node-07 kernel: ${message}`;
}

function xid(day: string, time: string, pci: string, code: number, text: string): string {
  return at(day, time, `NVRM: Xid (PCI:${pci}): ${code}, ${text}`);
}

function ib(day: string, time: string, state: "down" | "up"): string {
  return at(day, time, `mlx5_core 0000:5c:00.0 ib2: Link ${state}`);
}

const LINK_ERROR = `${NOBODY}, NVLink: fatal error detected on link 3(0x0, 0x0, 0x10000, 0x0, 0x0, 0x0, 0x0)`;
const ALL_GPUS = [GPU_A, GPU_B, GPU_C, GPU_D];

describe("times without a year", () => {
  it("tell one event of the fabric from errors over days", () => {
    const atOnce = ALL_GPUS.map((pci) => xid("Feb 23", "10:00:00", pci, 74, LINK_ERROR));
    const overDays = ALL_GPUS.map((pci, index) => xid(`Feb 2${index}`, "10:00:00", pci, 74, LINK_ERROR));
    expect(triage(atOnce)).toMatchObject({ verdict: "fabric", primary: "fabric.links_of_many_gpus" });
    expect(triage(overDays)).toMatchObject({ verdict: "gpu_degraded", primary: "xid.74" });
  });

  it("keep a later fault of another GPU apart from the loss of one, and join over New Year", () => {
    const lost = xid("Feb  1", "10:00:00", GPU_A, 79, OFF_THE_BUS);
    expect(shown(triage([lost, xid("Feb 20", "10:00:00", GPU_B, 74, LINK_ERROR)]))).toEqual(["xid.79@1b", "xid.74@1c"]);
    const newYear = [
      xid("Dec 31", "23:59:58", GPU_A, 79, OFF_THE_BUS),
      xid("Jan  1", "00:00:02", GPU_B, 45, "pid=5, name=train, Ch 8"),
    ];
    expect(shown(triage(newYear))).toEqual(["xid.79@1b", "xid.45@1c <- xid.79"]);
  });

  it("separate repeats from one incident", () => {
    const twice = (second: string) =>
      triage([xid("Feb 23", "10:00:00", GPU_A, 94, CONTAINED), xid("Feb 23", second, GPU_A, 94, CONTAINED)]).actions;
    expect(twice("10:00:01")).toEqual(["RESTART_APP", "WATCH"]);
    expect(twice("15:00:00")).toEqual(["RESTART_APP", "RUN_DIAG"]);
    const place = "Graphics SM Warp Exception on (GPC 1, TPC 1, SM 0): Illegal Instruction";
    const again = (day: string) =>
      triage([xid("Feb 21", "10:00:00", GPU_A, 13, place), xid(day, "10:00:00", GPU_A, 13, place)]).actions[0];
    expect([again("Feb 21"), again("Feb 23")]).toEqual(["CHECK_APP", "RUN_DIAG"]);
  });

  it("show links that train while the node starts", () => {
    const boot = [
      at("Feb 23", "10:00:00", "Linux version 6.8.0"),
      xid("Feb 23", "10:00:40", GPU_A, 149, LINK_TRAINING),
    ];
    expect(triage(boot)).toMatchObject({ verdict: "healthy", actions: ["NONE"] });
    const later = [...boot.slice(0, 1), xid("Feb 23", "11:00:40", GPU_A, 149, LINK_TRAINING)];
    expect(triage(later)).toMatchObject({ verdict: "gpu_degraded", actions: ["WATCH"] });
  });

  it("count the outages of a port by the day", () => {
    const flap = (day: string, time: string) => [ib(day, `${time}:00`, "down"), ib(day, `${time}:04`, "up")];
    expect(triage(["Feb  1", "Feb  8", "Feb 15"].flatMap((day) => flap(day, "10:00"))).verdict).toBe("healthy");
    expect(triage(["10:00", "10:02"].flatMap((time) => flap("Feb  1", time))).verdict).toBe("network");
  });
});

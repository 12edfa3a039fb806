import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { seededRandom } from "../lib/random.ts";
import { type BenchRow, median } from "./row.ts";

const LINES = 100_000;
const REPETITIONS = 7;
const COMMAND = path.resolve(import.meta.dirname, "../cli/nemops.js");

/** Whole processes, from spawn to exit, with Node's compile cache as a second call on a machine finds it. */
export async function benchTriageCli(): Promise<BenchRow[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  try {
    const log = path.join(folder, "kern.log");
    writeFileSync(log, kernelLog());
    const mib = (statSync(log).size / 1_048_576).toFixed(1);
    return [
      {
        what: "nemops --version, whole process",
        size: `median of ${REPETITIONS}`,
        figure: measure(["--version"]),
        unit: "ms",
        budget: "<= 150 ms",
      },
      {
        what: "nemops gpu triage --json, whole process",
        size: `${LINES} log lines, ${mib} MiB, 2 % XID records, median of ${REPETITIONS}`,
        figure: measure(["gpu", "triage", "--json", "--kernel-log", log]),
        unit: "ms",
        budget: "<= 1500 ms",
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(args: readonly string[]): number {
  const times: number[] = [];
  for (let run = 0; run <= REPETITIONS; run += 1) {
    const start = performance.now();
    const { status } = spawnSync(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "ignore", "inherit"] });
    if (status !== 0) throw new Error(`nemops ${args.join(" ")} ended with ${status}`);
    // The first call fills the cache.
    if (run > 0) times.push(performance.now() - start);
  }
  return median(times);
}

/** Mostly other programs' lines, as a node's log is. */
function kernelLog(): string {
  const random = seededRandom(1);
  const codes = [13, 31, 43, 45, 48, 63, 94];
  const buses = ["61", "0a", "1b", "5d"];
  const pick = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(random() * values.length)];
  const lines = Array.from({ length: LINES }, (_, at) => {
    const clock = `Mar  3 ${String(10 + Math.floor(at / 36_000)).padStart(2, "0")}:${String(Math.floor(at / 600) % 60).padStart(2, "0")}:${String(Math.floor(at / 10) % 60).padStart(2, "0")} node-a`;
    const draw = random();
    if (draw < 0.02) {
      return `${clock} kernel: [${(at / 10).toFixed(6)}] NVRM: Xid (PCI:0000:${pick(buses)}:00): ${pick(codes)}, pid=${at}, name=python, Ch 00000008`;
    }
    if (draw < 0.4) {
      return `${clock} kernel: [${(at / 10).toFixed(6)}] audit: type=1400 audit(1709460000.000:${at}): apparmor="ALLOWED" operation="open"`;
    }
    return `${clock} systemd[1]: Started session ${at} of user root, with as many words as such a line usually has.`;
  });
  return `${lines.join("\n")}\n`;
}

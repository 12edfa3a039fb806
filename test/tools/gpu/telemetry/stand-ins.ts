import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** Commands in a temporary folder that stand in for `nvidia-smi`, `dcgmi`, `journalctl` and `dmesg`. */
export interface StandIns {
  readonly folder: string;
  /** Path of a name in the folder, whether it exists or not. */
  at(name: string): string;
  write(name: string, text: string): string;
  /** A shell script; answers its path. */
  command(name: string, script: string): string;
  /** A command that prints a text and ends with a code. */
  printing(name: string, stdout: string, exitCode?: number): string;
  remove(): void;
}

export function createStandIns(): StandIns {
  const folder = mkdtempSync(path.join(tmpdir(), "stand-ins-"));
  const at = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const command = (name: string, script: string): string => {
    write(name, `#!/bin/sh\n${script}\n`);
    chmodSync(at(name), 0o755);
    return at(name);
  };
  return {
    folder,
    at,
    write,
    command,
    printing: (name, stdout, exitCode = 0) =>
      command(name, `cat '${write(`${name}.stdout`, stdout)}'\nexit ${exitCode}`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A `nvidia-smi` that answers `-q -x` and the two forms of `nvlink` from files, which a test may replace. */
export function smiFromFiles(standIns: StandIns, files: { xml: string; links?: string; errors?: string }): string {
  standIns.write("smi.xml", files.xml);
  standIns.write("links.txt", files.links ?? "");
  standIns.write("errors.txt", files.errors ?? "");
  return standIns.command(
    "nvidia-smi",
    `case "$*" in
  "-q -x") cat '${standIns.at("smi.xml")}' ;;
  "nvlink -s") cat '${standIns.at("links.txt")}' ;;
  "nvlink -e") cat '${standIns.at("errors.txt")}' ;;
  *) echo "Invalid option: $*"; exit 2 ;;
esac`,
  );
}

/** `nvidia-smi nvlink -s` for GPUs with eighteen links of Blackwell or Hopper. */
export function linkStates(gpuCount: number, inactive: readonly number[] = []): string {
  const links = Array.from({ length: 18 }, (_, link) =>
    inactive.includes(link) ? `\t Link ${link}: <inactive>` : `\t Link ${link}: 53.125 GB/s`,
  );
  return gpuLines(gpuCount, links);
}

/** `nvidia-smi nvlink -e` with the same count for each kind of error on link 0. */
export function linkErrors(gpuCount: number, count: number): string {
  return gpuLines(
    gpuCount,
    ["Replay", "Recovery", "CRC"].map((kind) => `\t Link 0: ${kind} Errors: ${count}`),
  );
}

function gpuLines(gpuCount: number, lines: readonly string[]): string {
  return Array.from({ length: gpuCount }, (_, gpu) =>
    [`GPU ${gpu}: NVIDIA B200 (UUID: GPU-8ec5f7eb-55e0-5601-9283-7e262573000${gpu})`, ...lines, ""].join("\n"),
  ).join("");
}

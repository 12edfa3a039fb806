import { assess } from "../../../../engine/gpu/assess/assess.ts";
import type { AssessInput } from "../../../../engine/gpu/assess/assess.ts";
import type { Assessment } from "../../../../engine/gpu/finding.ts";
import { parseLog } from "../../../../engine/gpu/log/parse-log.ts";

export const GPU_A = "0000:1b:00";
export const GPU_B = "0000:1c:00";
export const GPU_C = "0000:1d:00";
export const GPU_D = "0000:1e:00";

/** A line as the kernel's ring buffer prints it. */
export function at(uptimeS: number, message: string): string {
  return `[${uptimeS.toFixed(6).padStart(12)}] ${message}`;
}

export function xid(uptimeS: number, pci: string, code: number, text = ""): string {
  return at(uptimeS, `NVRM: Xid (PCI:${pci}): ${code}${text === "" ? "" : `, ${text}`}`);
}

/** The part of a record that names a process. */
export function by(pid: number, name: string): string {
  return `pid=${pid}, name=${name}`;
}

export const NOBODY = "pid='<unknown>', name=<unknown>";
export const REMAPPED = `${NOBODY}, Row Remapper: New row marked for remapping, reset gpu to activate`;
export const BANK_FULL = `${NOBODY}, Row Remapper Error: (0x00000000fd1c1ae0) - All reserved rows for bank are remapped`;
export const OFF_THE_BUS = `${NOBODY}, GPU has fallen off the bus.`;
export const CONTAINED = `${by(99, "train")}, Contained: SM (0x1). RST: No, D-RST: No`;
export const LINK_DOWN =
  "NETIR_LINK_EVT Fatal XC0 i0 Link 08 (0x004505c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)";
export const LINK_TRAINING =
  "NETIR_LINK_EVT Nonfatal XC0 i0 Link 08 (0x004505c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)";

export function recovery(uptimeS: number, pci: string, from: string, to: string): string {
  return xid(uptimeS, pci, 154, `${NOBODY}, GPU recovery action changed from ${from} to ${to}`);
}

export const NONE = "0x0 (None)";
export const RESET = "0x1 (GPU Reset Required)";
export const REBOOT = "0x2 (Node Reboot Required)";
export const DRAIN_AND_RESET = "0x4 (Drain and Reset)";

export function triage(lines: readonly string[], more: Omit<AssessInput, "log"> = {}): Assessment {
  return assess({ log: parseLog(lines.join("\n")), ...more });
}

/** `rule` or `rule <- cause`, with the GPU's address. */
export function shown({ findings }: Assessment): string[] {
  return findings.map(({ rule, pci, causedBy }) =>
    [`${rule}${pci === undefined ? "" : `@${pci.slice(5, 7)}`}`, ...(causedBy === undefined ? [] : [causedBy])].join(
      " <- ",
    ),
  );
}

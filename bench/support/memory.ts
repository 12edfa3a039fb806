import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { median } from "../row.ts";

const SAMPLES = 8;
const SAMPLE_MS = 250;

/** Resident memory of one process; NaN once it has ended. */
export function residentMib(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  } catch {
    return Number.NaN;
  }
}

/** The process and all it started, itself first. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = readParent(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const member of tree) tree.push(...(children.get(member) ?? []));
  return tree;
}

export interface TreeMemory {
  /** The process that serves: the largest. */
  readonly serverMib: number;
  readonly treeMib: number;
}

/** Median over some seconds, so that what is about to be collected does not decide. */
export async function settledMemory(pid: number): Promise<TreeMemory> {
  const samples: TreeMemory[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep(SAMPLE_MS);
    const each = treeOf(pid)
      .map(residentMib)
      .filter((mib) => !Number.isNaN(mib));
    samples.push({ serverMib: Math.max(...each), treeMib: each.reduce((sum, mib) => sum + mib, 0) });
  }
  return {
    serverMib: median(samples.map(({ serverMib }) => serverMib)),
    treeMib: median(samples.map(({ treeMib }) => treeMib)),
  };
}

function readParent(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

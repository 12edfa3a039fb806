import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { z } from "zod";

/** What `node --cpu-prof` writes; times are microseconds. */
const Profile = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});
type ProfileNode = z.infer<typeof Profile>["nodes"][number];

export interface ProfileShare {
  readonly name: string;
  /** Of the time in which the process did anything; 0 to 1. */
  readonly share: number;
}

export interface ProfileSummary {
  /** Part of the window in which the process was not idle; 0 to 1. */
  readonly busy: number;
  /** Packages, folders of this project and Node itself, largest first. What native code takes counts for who calls it. */
  readonly owners: readonly ProfileShare[];
  /** Functions of this project, largest first, as `name file:line`. */
  readonly ownFunctions: readonly ProfileShare[];
  /** All functions, largest first. */
  readonly functions: readonly ProfileShare[];
}

const root = path.resolve(import.meta.dirname, "../..");

/** The profile that the process wrote into the folder when it ended. Throws when there is none. */
export function readProfile(folder: string, pid: number): z.infer<typeof Profile> {
  const name = readdirSync(folder).find((file) => new RegExp(`\\.${pid}\\.0\\..*\\.cpuprofile$`).test(file));
  if (name === undefined) throw new Error(`process ${pid} left no profile in ${folder}`);
  return Profile.parse(JSON.parse(readFileSync(path.join(folder, name), "utf8")));
}

/** Who took the time between two moments, in milliseconds since the profile began. */
export function summariseProfile(profile: z.infer<typeof Profile>, fromMs: number, toMs: number): ProfileSummary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const owners = new Map<string, number>();
  const functions = new Map<string, number>();
  const own = new Map<string, number>();
  let idle = 0;
  let busy = 0;
  let atUs = 0;
  profile.samples.forEach((id, index) => {
    const tookUs = profile.timeDeltas[index] ?? 0;
    atUs += tookUs;
    if (atUs < fromMs * 1000 || atUs > toMs * 1000) return;
    const node = nodes.get(id);
    if (node === undefined) return;
    if (node.callFrame.functionName === "(idle)") {
      idle += tookUs;
      return;
    }
    busy += tookUs;
    const caller = scriptOf(node, nodes, parents);
    const owner = caller === undefined ? node.callFrame.functionName || "native" : ownerOf(caller.callFrame.url);
    add(owners, owner, tookUs);
    const name = nameOf(caller ?? node);
    add(functions, name, tookUs);
    if (caller !== undefined && isOwn(caller.callFrame.url)) add(own, name, tookUs);
  });
  const sorted = (shares: Map<string, number>): ProfileShare[] =>
    [...shares].map(([name, took]) => ({ name, share: took / busy })).sort((left, right) => right.share - left.share);
  return {
    busy: busy / (busy + idle),
    owners: sorted(owners),
    ownFunctions: sorted(own),
    functions: sorted(functions),
  };
}

/** The nearest caller that is JavaScript from a file; undefined for the collector of garbage and the like. */
function scriptOf(
  node: ProfileNode,
  nodes: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
): ProfileNode | undefined {
  let current: ProfileNode | undefined = node;
  while (current !== undefined && current.callFrame.url === "") {
    const parent = parents.get(current.id);
    current = parent === undefined ? undefined : nodes.get(parent);
  }
  return current;
}

function isOwn(url: string): boolean {
  return url.startsWith(`file://${root}/`) && !url.includes("/node_modules/");
}

/** `@langchain/core`, `server/runs`, `node:internal`. */
function ownerOf(url: string): string {
  if (url.startsWith("node:")) return "node";
  const inPackage = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (inPackage !== undefined) return inPackage;
  const folders = path.dirname(url.replace(`file://${root}/`, "")).split("/");
  return `our ${folders.slice(0, 2).join("/")}`;
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url
    .replace(/^file:\/\//, "")
    .replace(`${root}/`, "")
    .replace(/^.*node_modules\//, "");
  return url === "" ? functionName : `${functionName === "" ? "(anonymous)" : functionName} ${file}:${lineNumber + 1}`;
}

function add(shares: Map<string, number>, name: string, took: number): void {
  shares.set(name, (shares.get(name) ?? 0) + took);
}

import { expect, it } from "vitest";

import { type Chunk, buildChunks } from "../../../../server/store/checkpoints/chunk-tree.ts";
import { KnownChunks, namesIn } from "../../../../server/store/postgres/known-chunks.ts";

const treeOf = (text: string): ReturnType<typeof buildChunks> => buildChunks(Buffer.from(text));
const words = (count: number, what: string): string =>
  Array.from({ length: count }, (_, index) => `${what} ${index * 104_729}`).join(" ");
const manyNames = (count: number): Set<string> => new Set(Array.from({ length: count }, (_, index) => `name ${index}`));

function addTree(known: KnownChunks, threadId: string, text: string): void {
  const { root, ref } = treeOf(text);
  known.add(threadId, ref, namesIn(root));
}

function missing(known: KnownChunks, threadId: string, text: string): readonly Chunk[] {
  return known.plan(threadId, [treeOf(text).root]).missing;
}

it("leaves out what a stored value has, with that value as the witness", () => {
  const known = new KnownChunks();
  const before = words(3_000, "word");
  addTree(known, "thread", before);
  const plan = known.plan("thread", [treeOf(`${before} and more`).root]);
  expect(plan.witnesses.map((key) => key.toString("hex"))).toEqual([treeOf(before).ref.key]);
  expect(plan.missing.length).toBeLessThan(6);
  expect(known.plan("other", [treeOf(before).root]).witnesses).toEqual([]);
});

it("remembers no value that leaves no room for others, and forgets no thread for it", () => {
  const known = new KnownChunks();
  const text = words(500, "small");
  addTree(known, "small", text);
  for (let round = 0; round < 5; round += 1) known.add("huge", { key: `${round}` }, manyNames(60_000));
  expect(missing(known, "small", text)).toEqual([]);
  // One after the other, those of a thread make room for each other and not for those of others.
  for (let round = 0; round < 5; round += 1) known.add("large", { key: `${round}` }, manyNames(40_000));
  expect(missing(known, "small", text)).toEqual([]);
});

it("forgets the thread that was written to longest ago when there are too many", () => {
  const known = new KnownChunks();
  const text = words(500, "small");
  addTree(known, "old", text);
  for (const name of ["a", "b", "c"]) known.add(name, { key: name }, manyNames(45_000));
  expect(missing(known, "old", text).length).toBeGreaterThan(0);
});

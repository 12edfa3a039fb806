import { describe, expect, it } from "vitest";

import { Draws, randomKey } from "../../../engine/data/random.ts";

const ROWS = 200_000;

function uniforms(seed: number, name: string, rows = ROWS): Float64Array {
  const draws = new Draws(randomKey(seed, name));
  return Float64Array.from({ length: rows }, (_, row) => draws.start(row, 0).next());
}

describe("block", () => {
  // Known answers of the reference implementation, Random123 1.x, kat_vectors, "threefry2x32 13".
  it.each([
    { key: [0, 0], counter: [0, 0], words: [0x9d1c5ec6, 0x8bd50731] },
    { key: [-1, -1], counter: [-1, -1], words: [0xfd36d048, 0x2d17272c] },
    { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], words: [0xba3e4725, 0xf27d669e] },
  ])("is Threefry-2x32 with 13 rounds for the key $key", ({ key, counter, words }) => {
    const draws = new Draws({ first: key[0] ?? 0, second: key[1] ?? 0 });
    draws.block(counter[0] ?? 0, counter[1] ?? 0);
    expect([draws.word0 >>> 0, draws.word1 >>> 0]).toEqual(words);
  });
});

describe("the numbers", () => {
  it("are the same for a row whatever was drawn before", () => {
    const draws = new Draws(randomKey(7, "price"));
    const before = [draws.start(5, 0).next(), draws.next()];
    draws.start(90, 3).next();
    expect([draws.start(5, 0).next(), draws.next()]).toEqual(before);
  });

  it("differ between seeds, names, rows, attempts and draws", () => {
    const of = (seed: number, name: string, row: number, attempt: number): number =>
      new Draws(randomKey(seed, name)).start(row, attempt).next();
    const second = new Draws(randomKey(1, "a")).start(0, 0);
    second.next();
    const all = [
      of(1, "a", 0, 0),
      of(2, "a", 0, 0),
      of(1, "b", 0, 0),
      of(1, "a", 1, 0),
      of(1, "a", 0, 1),
      second.next(),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("of a seed never change: three of them are pinned", () => {
    const draws = new Draws(randomKey(42, "price"));
    expect([0, 1, 1_000_000].map((row) => draws.start(row, 0).next())).toMatchInlineSnapshot(`
      [
        0.9235739771976099,
        0.6178060488939786,
        0.13847735924055404,
      ]
    `);
  });

  it("are uniform: chi-square over 1,000 cells, 200,000 rows, within 4.5 deviations", () => {
    const cells = new Float64Array(1_000);
    for (const value of uniforms(1, "a"))
      cells[Math.floor(value * 1_000)] = (cells[Math.floor(value * 1_000)] ?? 0) + 1;
    const chiSquare = cells.reduce((sum, count) => sum + (count - ROWS / 1_000) ** 2 / (ROWS / 1_000), 0);
    expect(Math.abs(chiSquare - 999)).toBeLessThan(4.5 * Math.sqrt(2 * 999));
  });

  it("have the mean 1/2 and the variance 1/12 within 4.5 standard errors of 200,000 rows", () => {
    const values = uniforms(2, "b");
    const mean = values.reduce((sum, value) => sum + value, 0) / ROWS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ROWS;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4.5 * Math.sqrt(1 / 12 / ROWS));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / 180 / ROWS));
  });

  it.each([
    ["two columns of one seed", () => [uniforms(1, "a"), uniforms(1, "b")]],
    ["one column of two seeds", () => [uniforms(1, "a"), uniforms(2, "a")]],
    ["neighbouring rows", () => [uniforms(1, "a"), uniforms(1, "a", ROWS + 1).subarray(1)]],
  ])("of %s are uncorrelated within 4.5 standard errors of 200,000 rows", (_, make) => {
    const [left = new Float64Array(), right = new Float64Array()] = make();
    let sum = 0;
    for (const [row, value] of left.entries()) sum += (value - 0.5) * ((right[row] ?? 0) - 0.5);
    expect(Math.abs((12 * sum) / ROWS)).toBeLessThan(4.5 / Math.sqrt(ROWS));
  });

  it("lie in [0, 1), those of nextOpen in (0, 1), and an index below its count", () => {
    const draws = new Draws(randomKey(3, "c"));
    draws.word0 = 0;
    for (let row = 0; row < 20_000; row += 1) {
      const open = draws.start(row, 0).nextOpen();
      expect(open > 0 && open < 1).toBe(true);
      expect([0, 1, 2]).toContain(draws.nextIndex(3));
    }
  });
});

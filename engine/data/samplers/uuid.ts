import type { SamplerParams } from "../design/sampler-params.ts";
import { Draws } from "../random.ts";
import type { RandomKey } from "../random.ts";
import type { RowRange } from "../table.ts";
import type { ValueSampler } from "./sampler.ts";

/**
 * 32 hexadecimal digits of a version 4 UUID without hyphens, or 8 digits. No two rows below 2^32 share one: the first
 * 60 bits that are free (all 32 of the short form) are a keyed bijection of the row, nothing has to be looked up.
 */
export function compileUuid({ prefix, short_form, uppercase }: SamplerParams<"uuid">): ValueSampler {
  const digits = new TextEncoder().encode(uppercase ? "0123456789ABCDEF" : "0123456789abcdef");
  const length = short_form ? 8 : 32;
  const start = prefix ?? "";
  return {
    output: "text",
    fill(key: RandomKey, { firstRow, rowCount }: RowRange): readonly string[] {
      const bytes = new Uint8Array(rowCount * length);
      const draws = new Draws(key);
      for (let row = 0, at = 0; row < rowCount; row += 1, at += length) {
        if (short_form) {
          writeHex(bytes, at, digits, shuffle32(firstRow + row, key));
        } else {
          writeUuid(bytes, at, digits, draws, firstRow + row);
        }
      }
      // One decoding for all rows: the texts are slices of it.
      const all = new TextDecoder("latin1").decode(bytes);
      return Array.from({ length: rowCount }, (_, row) => start + all.slice(row * length, (row + 1) * length));
    },
  };
}

function writeUuid(bytes: Uint8Array, at: number, digits: Uint8Array, draws: Draws, row: number): void {
  draws.block(row, 0);
  const { word0: first, word1: second } = draws;
  draws.block(row, 1);
  writeHex(bytes, at, digits, first);
  writeHex(bytes, at + 8, digits, (second & 0xffff0000) | 0x4000 | ((second >>> 4) & 0xfff));
  // The low 4 bits of `second` move behind the two bits of the variant, so that no bit of the bijection is lost.
  writeHex(bytes, at + 16, digits, 0x80000000 | ((second & 0xf) << 26) | (draws.word0 & 0x03ffffff));
  writeHex(bytes, at + 24, digits, draws.word1);
}

function writeHex(bytes: Uint8Array, at: number, digits: Uint8Array, word: number): void {
  for (let digit = 0; digit < 8; digit += 1) bytes[at + digit] = digits[(word >>> (28 - 4 * digit)) & 0xf] ?? 0;
}

/** A bijection of 32-bit words: exclusive ors with shifts, and products with odd numbers, can all be undone. */
function shuffle32(value: number, key: RandomKey): number {
  let mixed = value | 0;
  for (const part of [key.first, key.second, key.first ^ 0x9e3779b9]) {
    mixed = (mixed ^ part) | 0;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
    mixed ^= mixed >>> 16;
  }
  return mixed;
}

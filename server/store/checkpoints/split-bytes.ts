/** Bounds of a piece in bytes. A cut is looked for from the least size on, and found 1,024 bytes further on average. */
const MIN_BYTES = 256;
const MAX_BYTES = 8_192;
/** The high bits depend on the most bytes before them. Ten bits are all zero once in 1,024. */
const CUT_MASK = 0xffc00000;

/** One number for each byte, made by a fixed sequence: other numbers would cut elsewhere and find nothing stored. */
const GEAR = Int32Array.from({ length: 256 }, (_, index) => {
  let mixed = Math.imul(index + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
});

/**
 * Cuts bytes where their own content says so (content-defined chunking with a gear hash, as FastCDC does), so that two
 * values with a common beginning, middle or end have most pieces in common wherever the difference lies. The pieces are
 * views of `bytes`, in order; no bytes are no pieces.
 */
export function splitBytes(bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = findCut(bytes, from);
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

function findCut(bytes: Uint8Array, from: number): number {
  const end = Math.min(from + MAX_BYTES, bytes.length);
  let gear = 0;
  for (let index = from + MIN_BYTES; index < end; index += 1) {
    // Both indexes are within their arrays.
    gear = ((gear << 1) + (GEAR[bytes[index] as number] as number)) | 0;
    if ((gear & CUT_MASK) === 0) return index + 1;
  }
  return end;
}

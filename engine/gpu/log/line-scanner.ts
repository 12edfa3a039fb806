/**
 * Finds the lines worth reading in a stream of bytes. Nearly all lines of a kernel log have nothing to do with GPUs, so
 * every byte is looked at once, for pairs of bytes that are rare in logs, and only lines with a needle are handed on.
 */

/** Text that a line of interest contains, and where in it the rare pair of bytes stands that it is looked up by. */
const NEEDLES: readonly (readonly [text: string, pairAt: number])[] = [
  ["NVRM", 0],
  ["nvidia-nv", 6],
  ["Xid (", 0],
  ["AER: ", 0],
  ["PCIe Bus Error", 5],
  ["available PCIe bandwidth", 10],
  ["Out of memory: ", 0],
  ["Kill process ", 0],
  ["Killed process ", 0],
  ["CUDA", 0],
  ["cudaError", 4],
  ["OutOfMemoryError", 5],
  ["NVML", 0],
  ["NVSwitch", 0],
  ["GPU handle", 0],
  ["NVIDIA GPU driver interface", 1],
  ["Watchdog caught", 0],
  ["NET/IB", 3],
  ["mlx5_", 3],
  ["mlx4_", 3],
  [": Lost carrier", 2],
  [": Gained carrier", 2],
  ["link becomes ready", 10],
  ["In use by another client", 0],
  ["Linux version ", 0],
  ["not yet initialized", 3],
  ["rror 802", 5],
  ["loss=nan", 4],
  ["NaN", 1],
  ["differs on cuda:", 14],
  ["Power Supply", 0],
  ["PSU", 0],
  ["fallen off the bus", 3],
  // journald writes a message that is not valid UTF-8 as an array of numbers, in which no needle can be seen.
  ['"MESSAGE":[', 9],
  // The same after a tool wrote it anew.
  ['"MESSAGE": [', 9],
];

const NEWLINE = 10;
const encoder = new TextEncoder();

/** Indexed by a pair of bytes: 0, or 1 + the index into `CANDIDATES`. */
const PAIRS = new Uint8Array(65_536);
const CANDIDATES: { readonly bytes: Uint8Array; readonly pairAt: number }[][] = [];
for (const [text, pairAt] of NEEDLES) {
  const bytes = encoder.encode(text);
  const pair = ((bytes[pairAt] ?? 0) << 8) | (bytes[pairAt + 1] ?? 0);
  let slot = PAIRS[pair] ?? 0;
  if (slot === 0) {
    slot = CANDIDATES.push([]);
    PAIRS[pair] = slot;
  }
  CANDIDATES[slot - 1]?.push({ bytes, pairAt });
}

/** True when a needle stands around the pair that ends at `at`, inside `from` (inclusive) to `to` (exclusive). */
function hasNeedleAt(buffer: Uint8Array, at: number, from: number, to: number, slot: number): boolean {
  for (const { bytes, pairAt } of CANDIDATES[slot - 1] ?? []) {
    const start = at - 1 - pairAt;
    if (start < from || start + bytes.length > to) continue;
    let index = 0;
    while (index < bytes.length && buffer[start + index] === bytes[index]) index += 1;
    if (index === bytes.length) return true;
  }
  return false;
}

/** Bytes of a line, without its end. Only valid during the call: the buffer is used again. */
export type LineSink = (buffer: Uint8Array, from: number, to: number, lineNumber: number) => void;

export interface LineScanner {
  push: (chunk: Uint8Array) => void;
  end: () => void;
  /** Lines begun so far; a last line without an end counts. */
  readonly lines: number;
  readonly bytes: number;
  /** Lines longer than the limit; what is beyond it was not looked at. */
  readonly cutLines: number;
}

/**
 * Splits a stream into lines at LF and gives those that contain a needle to `onLine`, in order. A line that is longer than
 * `maxLineBytes` is cut there. Holds at most one line. How the stream is divided into chunks makes no difference.
 */
export function createLineScanner({ maxLineBytes, onLine }: { maxLineBytes: number; onLine: LineSink }): LineScanner {
  // The beginning of a line that goes on in the next chunk.
  const carry = new Uint8Array(maxLineBytes);
  let carried = 0;
  let isInLine = false;
  let isCut = false;
  let lines = 0;
  let bytes = 0;
  let cutLines = 0;

  /** Scans a whole line that lies in one buffer. */
  function scanWhole(buffer: Uint8Array, from: number, to: number): void {
    let pair = 0;
    for (let at = from; at < to; at += 1) {
      pair = ((pair << 8) | (buffer[at] ?? 0)) & 0xffff;
      const slot = PAIRS[pair] ?? 0;
      if (slot !== 0 && hasNeedleAt(buffer, at, from, to, slot)) {
        onLine(buffer, from, to, lines);
        return;
      }
    }
  }

  function finishCarried(): void {
    if (isCut) cutLines += 1;
    scanWhole(carry, 0, carried);
    carried = 0;
    isInLine = false;
    isCut = false;
  }

  function keep(chunk: Uint8Array, from: number, to: number): void {
    if (!isInLine) {
      isInLine = true;
      lines += 1;
    }
    const room = maxLineBytes - carried;
    const taken = Math.min(room, to - from);
    carry.set(chunk.subarray(from, from + taken), carried);
    carried += taken;
    if (to - from > room) isCut = true;
  }

  /** Scans the lines that lie in the chunk as a whole, in one pass over its bytes; answers where the rest begins. */
  function scanLines(chunk: Uint8Array, begin: number): number {
    let lineStart = begin;
    let pair = 0;
    let at = begin;
    const length = chunk.length;
    while (at < length) {
      const byte = chunk[at] ?? 0;
      if (byte === NEWLINE) {
        lines += 1;
        if (at - lineStart > maxLineBytes) cutLines += 1;
        at += 1;
        lineStart = at;
        pair = 0;
        continue;
      }
      pair = ((pair << 8) | byte) & 0xffff;
      const slot = PAIRS[pair] ?? 0;
      if (slot === 0 || at - lineStart >= maxLineBytes) {
        at += 1;
        continue;
      }
      const limit = Math.min(length, lineStart + maxLineBytes);
      if (!hasNeedleAt(chunk, at, lineStart, limit, slot)) {
        at += 1;
        continue;
      }
      const found = chunk.indexOf(NEWLINE, at);
      if (found === -1) break;
      // A needle must not reach over the end of its line.
      lines += 1;
      const lineEnd = Math.min(found, lineStart + maxLineBytes);
      if (found > lineEnd) cutLines += 1;
      onLine(chunk, lineStart, lineEnd, lines);
      at = found + 1;
      lineStart = at;
      pair = 0;
    }
    return lineStart;
  }

  return {
    push(chunk) {
      bytes += chunk.length;
      let begin = 0;
      if (isInLine) {
        const newline = chunk.indexOf(NEWLINE);
        keep(chunk, 0, newline === -1 ? chunk.length : newline);
        if (newline === -1) return;
        finishCarried();
        begin = newline + 1;
      }
      const rest = scanLines(chunk, begin);
      if (rest < chunk.length) keep(chunk, rest, chunk.length);
    },
    end() {
      if (isInLine) finishCarried();
    },
    get lines() {
      return lines;
    },
    get bytes() {
      return bytes;
    },
    get cutLines() {
      return cutLines;
    },
  };
}

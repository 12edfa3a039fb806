import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";

import { extract } from "tar-stream";

import { ServiceError, errorMessage } from "../../../../lib/errors.ts";

export interface ArchiveLimits {
  /** Of all files together, after decompression. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 16 * 1_024 ** 3, maxEntries: 20_000 };

export interface ExtractedFile {
  /** Its path in the archive, or `dataset` with the ending of its format for a file that came alone. */
  readonly name: string;
  readonly file: string;
}

export type ContentKind = "gzip" | "zstd" | "tar" | "parquet" | "json" | "jsonl" | "csv" | "unknown";

const TAR_BLOCK_BYTES = 512;

/** What the first bytes say; 512 are enough. Text that is no JSON is taken for CSV. */
export function sniff(head: Uint8Array): ContentKind {
  const at = (offset: number, ...bytes: number[]): boolean =>
    bytes.every((byte, index) => head[offset + index] === byte);
  if (at(0, 0x1f, 0x8b)) return "gzip";
  if (at(0, 0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if (at(0, 0x50, 0x41, 0x52, 0x31)) return "parquet";
  // "ustar" in the first header.
  if (at(257, 0x75, 0x73, 0x74, 0x61, 0x72)) return "tar";
  if (head.includes(0) || head.length === 0) return "unknown";
  const first = Buffer.from(head)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart()[0];
  if (first === "{") return "jsonl";
  if (first === "<") return "unknown";
  return first === "[" ? "json" : "csv";
}

/**
 * Writes what a service sends as a dataset into a folder: the files of a tar archive, or the one file there is, in
 * either case decompressed. Files get new names, so nothing in the archive decides where they lie. Throws
 * `unreadable_input` for another format, for links, devices and paths that lead outside, and for a body that is cut
 * short; `payload_too_large` beyond the limits.
 */
export async function extractDataset(
  body: AsyncIterable<Uint8Array>,
  {
    folder,
    limits = ARCHIVE_LIMITS,
    signal,
  }: { folder: string; limits?: ArchiveLimits; signal?: AbortSignal | undefined },
): Promise<ExtractedFile[]> {
  await mkdir(folder, { recursive: true });
  const raw = await peek(body);
  const packed = sniff(raw.head);
  const plain = packed === "gzip" || packed === "zstd" ? await peek(decompress(raw.rest, packed)) : raw;
  const kind = sniff(plain.head);
  try {
    if (kind === "tar") return await extractTar(plain.rest, folder, limits, signal);
    if (kind === "unknown" || kind === "gzip" || kind === "zstd")
      throw unreadable("it is no archive, Parquet, JSON or CSV");
    const file = path.join(folder, `0.${kind}`);
    await writeBounded(plain.rest, file, createBudget(limits.maxBytes), signal);
    return [{ name: `dataset.${kind}`, file }];
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof ServiceError || isSystemError(error)) throw error;
    throw unreadable(errorMessage(error), error);
  }
}

async function extractTar(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  { maxBytes, maxEntries }: ArchiveLimits,
  signal: AbortSignal | undefined,
): Promise<ExtractedFile[]> {
  const files: ExtractedFile[] = [];
  const budget = createBudget(maxBytes);
  const archive = extract();
  const reading = pipeline(Readable.from(source), archive, signal === undefined ? {} : { signal });
  // Its failure also ends the loop below, which tells it.
  reading.catch(() => undefined);
  let entries = 0;
  for await (const entry of archive) {
    entries += 1;
    if (entries > maxEntries) throw tooLarge(`it has more than ${maxEntries} entries`);
    const { name, type } = checkEntry(entry.header);
    if (type === "directory") {
      entry.resume();
      continue;
    }
    const file = path.join(folder, `${files.length}${path.extname(name).slice(0, 16)}`);
    // The types of the package leave out that an entry streams bytes.
    await writeBounded(entry as AsyncIterable<Uint8Array>, file, budget, signal);
    files.push({ name, file });
  }
  await reading;
  return files;
}

/** Files and folders below the archive's root; anything else is refused with the whole archive. */
function checkEntry({ name, type }: { name: string; type?: string | null | undefined }): {
  name: string;
  type: "file" | "directory";
} {
  const segments = name.split("/");
  if (
    name.startsWith("/") ||
    name.includes("\\") ||
    name.includes("\0") ||
    /^[a-z]:/i.test(name) ||
    segments.includes("..")
  ) {
    throw unreadable(`its entry ${JSON.stringify(name)} leads outside of it`);
  }
  if (type === "file" || type === "contiguous-file") return { name, type: "file" };
  if (type === "directory") return { name, type };
  throw unreadable(`its entry ${JSON.stringify(name)} is a ${type}; only files and folders are taken`);
}

/** The first bytes, and the whole body from its beginning. */
async function peek(body: AsyncIterable<Uint8Array>): Promise<{ head: Uint8Array; rest: AsyncIterable<Uint8Array> }> {
  const iterator = body[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < TAR_BLOCK_BYTES) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(next.value);
    size += next.value.byteLength;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(first).subarray(0, TAR_BLOCK_BYTES), rest: whole() };
}

async function* decompress(body: AsyncIterable<Uint8Array>, kind: "gzip" | "zstd"): AsyncGenerator<Uint8Array> {
  const decoder = kind === "gzip" ? createGunzip() : createZstdDecompress();
  const feeding = pipeline(Readable.from(body), decoder);
  // Its failure also fails the loop below.
  feeding.catch(() => undefined);
  try {
    // A decoder streams bytes.
    for await (const chunk of decoder) yield chunk as Uint8Array;
    await feeding;
  } catch (error) {
    throw error instanceof ServiceError
      ? error
      : unreadable(`it cannot be decompressed: ${errorMessage(error)}`, error);
  }
}

interface Budget {
  take(bytes: number): void;
}

function createBudget(maxBytes: number): Budget {
  let left = maxBytes;
  return {
    take: (bytes) => {
      left -= bytes;
      if (left < 0) throw tooLarge(`it has more than ${maxBytes} bytes`);
    },
  };
}

async function writeBounded(
  source: AsyncIterable<Uint8Array>,
  file: string,
  budget: Budget,
  signal: AbortSignal | undefined,
): Promise<void> {
  const counter = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      try {
        budget.take(chunk.byteLength);
        done(null, chunk);
      } catch (error) {
        // What a budget throws is an Error.
        done(error as Error);
      }
    },
  });
  const options = signal === undefined ? {} : { signal };
  await pipeline(Readable.from(source), counter, createWriteStream(file, { flags: "wx" }), options);
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function unreadable(why: string, cause?: unknown): ServiceError {
  return new ServiceError("unreadable_input", `the dataset of the NeMo service cannot be read: ${why}`, { cause });
}

function tooLarge(why: string): ServiceError {
  return new ServiceError("payload_too_large", `the dataset of the NeMo service is too large: ${why}`);
}

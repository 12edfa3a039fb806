import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { type Gzip, createGzip } from "node:zlib";

import { type Pack, pack } from "tar-stream";

export interface ArchiveEntry {
  /** Inside the archive. */
  readonly name: string;
  readonly file: string;
}

/**
 * A tar.gz of files as a stream; never more than a few blocks are held. The same files and time give the same bytes.
 * Rejects before the first byte when a file is missing, and on the way when one changes its size. Stops reading when the
 * reader does.
 */
export async function openArchive(entries: readonly ArchiveEntry[], mtime: Date): Promise<AsyncIterable<Uint8Array>> {
  const sized = await Promise.all(entries.map(async (entry) => ({ ...entry, size: (await stat(entry.file)).size })));
  return stream(sized, mtime);
}

async function* stream(
  entries: readonly (ArchiveEntry & { readonly size: number })[],
  mtime: Date,
): AsyncGenerator<Uint8Array> {
  const tar = pack();
  const gzip = createGzip();
  const filling = fill(tar, entries, mtime).catch((error: unknown) => {
    tar.destroy(error as Error);
  });
  const piping = pipeline(tar, gzip).catch((error: unknown) => {
    gzip.destroy(error as Error);
  });
  try {
    yield* chunks(gzip);
  } finally {
    tar.destroy();
    gzip.destroy();
    await Promise.all([filling, piping]);
  }
}

async function* chunks(gzip: Gzip): AsyncGenerator<Uint8Array> {
  // A gzip stream without an encoding gives buffers.
  for await (const chunk of gzip as AsyncIterable<Uint8Array>) yield chunk;
}

async function fill(
  tar: Pack,
  entries: readonly (ArchiveEntry & { readonly size: number })[],
  mtime: Date,
): Promise<void> {
  for (const { name, file, size } of entries) {
    const entry = tar.entry({ name, size, mtime, mode: 0o644 });
    await pipeline(createReadStream(file), entry);
  }
  tar.finalize();
}

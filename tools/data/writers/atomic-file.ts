import { type FileHandle, open, rename, rm, writeFile } from "node:fs/promises";

import { toStorageError } from "../../../lib/storage.ts";

/** A file that is seen by others only when it is whole. */
export interface AtomicFile {
  /** Throws `storage_failed` when the disk takes no more; what was written so far is then removed. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Puts the file in its place, over one that was there. */
  commit(): Promise<void>;
  /** Removes what was written; does nothing after `commit`. Never throws. */
  discard(): Promise<void>;
}

/** Writes beside the target, as `<file>.tmp`, so that the last step is a rename on one file system. */
export async function openAtomicFile(file: string): Promise<AtomicFile> {
  const temporary = `${file}.tmp`;
  let handle: FileHandle | undefined = await guard(file, () => open(temporary, "w"));

  const discard = async (): Promise<void> => {
    const opened = handle;
    handle = undefined;
    if (opened === undefined) return;
    await opened.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
  };
  const orDiscard = async (work: (opened: FileHandle) => Promise<void>): Promise<void> => {
    const opened = handle;
    if (opened === undefined) throw new Error(`${file} is closed`);
    try {
      await guard(file, () => work(opened));
    } catch (error) {
      await discard();
      throw error;
    }
  };
  return {
    write: (bytes) =>
      orDiscard(async (opened) => {
        await opened.appendFile(bytes);
      }),
    commit: () =>
      orDiscard(async (opened) => {
        await opened.close();
        await rename(temporary, file);
        handle = undefined;
      }),
    discard,
  };
}

export interface WriteOptions {
  /** On the disk, not only in the system's memory, before it takes its place: a loss of power leaves no empty file. */
  readonly isDurable?: boolean;
}

/** Writes a small file at once, whole or not at all. Throws `storage_failed`. */
export async function writeFileAtomically(
  file: string,
  content: Uint8Array | string,
  { isDurable = false }: WriteOptions = {},
): Promise<void> {
  const temporary = `${file}.tmp`;
  await guard(file, async () => {
    try {
      await writeFile(temporary, content, { flush: isDurable });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  });
}

async function guard<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error, "dataset file", file);
  }
}

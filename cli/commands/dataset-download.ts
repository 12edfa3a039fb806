import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { errorMessage } from "../../lib/errors.ts";
import { type CommandContext, type GlobalOptions, withConnection } from "../context.ts";
import { createDatasetService } from "../dataset-service.ts";
import { CliError, type ExitName } from "../exit-codes.ts";
import { jsonText } from "../terminal.ts";

interface Options extends GlobalOptions {
  readonly format: string;
  readonly output: string;
}

/** Fetches a finished dataset as one file and prints its path. A download that breaks off leaves nothing behind. */
export async function run(context: CommandContext, id: string, options: Options): Promise<ExitName> {
  const { terminal, signal } = context;
  const written = await withConnection(context, async (connection) => {
    const { fileName, body } = await createDatasetService(connection, signal).download(id, options.format);
    const target = path.join(options.output, path.basename(fileName));
    const partial = `${target}.part`;
    try {
      await mkdir(options.output, { recursive: true });
      // Node's stream types and the DOM's describe one and the same object.
      const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
      await pipeline(source, createWriteStream(partial), { signal });
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      signal.throwIfAborted();
      throw new CliError("failure", `cannot write ${target}: ${errorMessage(error)}`, { cause: error });
    }
    return target;
  });
  if (options.json) {
    terminal.out(jsonText("dataset_file", { id, format: options.format, file: path.resolve(written) }));
  } else terminal.out(written);
  return "ok";
}

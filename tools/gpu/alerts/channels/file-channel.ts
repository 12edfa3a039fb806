import { open } from "node:fs/promises";

import { type Clock, isoTime } from "../../../../lib/clock.ts";
import { errorMessage } from "../../../../lib/errors.ts";
import { createFolderOf } from "../../../../lib/storage.ts";
import { type Channel, payloadOf } from "./channel.ts";

/**
 * Appends one JSON object a line. The file is opened for appending each time, so it may be rotated at will, and a line is
 * one write, so lines of several processes do not mix.
 */
export function createFileChannel({ file, clock }: { file: string; clock: Clock }): Channel {
  return {
    name: "file",
    reachesPeople: false,
    async send(message) {
      const line = `${JSON.stringify({ at: isoTime(clock.now()), ...payloadOf(message) })}\n`;
      try {
        createFolderOf(file);
        const handle = await open(file, "a", 0o640);
        try {
          await handle.write(line);
        } finally {
          await handle.close();
        }
        return { status: "accepted" };
      } catch (error) {
        return { status: "retry", error: `cannot append to ${file}: ${errorMessage(error)}` };
      }
    },
  };
}

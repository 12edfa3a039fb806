import { type Call, open } from "./http.ts";

/** Events of that name on a stream, read to its end. The bytes are searched, not parsed: the reader must not be what is slow. */
export async function countEvents(call: Call, event: string): Promise<number> {
  const response = await open(call);
  const needle = Buffer.from(`event: ${event}\n`);
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  for await (const part of response) {
    // A response without an encoding gives buffers.
    const bytes = Buffer.concat([rest, part as Buffer]);
    let position = 0;
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, position)) {
      count += 1;
      position = at + needle.length;
    }
    // What may be the beginning of one more.
    rest = bytes.subarray(Math.max(position, bytes.length - needle.length + 1));
  }
  return count;
}

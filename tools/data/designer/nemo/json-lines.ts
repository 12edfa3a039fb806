/** Longest line: a preview's dataset is one line. */
const MAX_LINE_BYTES = 64 * 1_024 * 1_024;

/**
 * The lines of a body as they come, without empty ones; a line that came in pieces is put together, also within a
 * character. Throws a RangeError for a line beyond 64 MiB.
 */
export async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    for (const [at, part] of parts.entries()) {
      if (at > 0) {
        const line = pieces.join("").trim();
        pieces = [];
        length = 0;
        if (line !== "") yield line;
      }
      pieces.push(part);
      length += part.length;
      if (length > MAX_LINE_BYTES) throw new RangeError(`a line is longer than ${MAX_LINE_BYTES} characters`);
    }
  }
  const rest = (pieces.join("") + decoder.decode()).trim();
  if (rest !== "") yield rest;
}

import type { IncomingMessage } from "node:http";

import { ServiceError } from "../../lib/errors.ts";

/** Reads a JSON body of at most `maxBytes`. Throws `payload_too_large` or `invalid_json`. */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    // A request without a set encoding yields buffers.
    const part = chunk as Buffer;
    bytes += part.length;
    if (bytes > maxBytes) throw new ServiceError("payload_too_large", `the body is over ${maxBytes} bytes`);
    chunks.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new ServiceError("invalid_json", "the body is not valid JSON", { cause: error });
  }
}

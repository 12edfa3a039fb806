import { isUtf8 } from "node:buffer";

import type { FastifyInstance } from "fastify";

import { ServiceError, errorMessage } from "../lib/errors.ts";

/** Deeper JSON is refused: recursive code behind the routes must not be able to exhaust the stack. */
const MAX_DEPTH = 200;
const MAX_SHOWN_PATH = 200;

/**
 * Reads every body as JSON, whatever its content type says: Studio sends `text/plain` to spare itself a preflight, and
 * plain clients send none. An empty body counts as absent. Keys that would reach a prototype are refused.
 */
export function registerBodyParser(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer" }, (request, bytes, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      const message = "only bodies that are not encoded are read; leave the header out and send JSON as it is";
      done(
        new ServiceError("bad_request", `content-encoding: ${message}`, {
          problems: [{ field: "content-encoding", message }],
        }),
      );
      return;
    }
    // Decoding puts U+FFFD for what it cannot read, and that would be stored.
    if (!isUtf8(bytes)) {
      done(new ServiceError("invalid_json", "the body is not valid JSON: it has bytes that are not UTF-8"));
      return;
    }
    const text = bytes.toString();
    if (text.trim() === "") {
      done(null, undefined);
      return;
    }
    if (isTooDeep(text)) {
      done(new ServiceError("invalid_input", `the body is nested deeper than ${MAX_DEPTH} levels`));
      return;
    }
    void parseJson(request, text, (error, value) => {
      if (error === null) done(null, value);
      else done(refusal(text, error));
    });
  });
  // Validation needs a value to look at; which fields are missing is then said one by one.
  app.addHook("preValidation", async (request) => {
    if (request.method !== "GET" && request.body === undefined) request.body = {};
  });
}

/** Why the parser refused a body: it is no JSON, or it is JSON with a key that is not let in. */
function refusal(text: string, error: Error): ServiceError {
  let body: unknown;
  try {
    body = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    // The parser itself only says that it is so; this says where.
    return new ServiceError("invalid_json", `the body is not valid JSON: ${errorMessage(cause)}`, { cause });
  }
  const path = findForbidden(body);
  if (path === undefined) {
    return new ServiceError("invalid_json", `the body is not valid JSON: ${errorMessage(error)}`, { cause: error });
  }
  // A key further up may be as long as the body.
  const field = path.join(".").slice(-MAX_SHOWN_PATH);
  const message = "this key is not allowed, because it could change the prototype of objects";
  return new ServiceError("bad_request", `${field}: ${message}`, { problems: [{ field, message }] });
}

/** Path of the first key that the parser refuses: `__proto__`, and `prototype` within `constructor`. */
function findForbidden(value: unknown): string[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Object.hasOwn(value, "__proto__")) return ["__proto__"];
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (key === "constructor" && typeof child === "object" && child !== null && Object.hasOwn(child, "prototype")) {
      return [key, "prototype"];
    }
    const path = findForbidden(child);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}

/** Counts brackets outside of strings; a text that is not JSON is left to the parser. */
function isTooDeep(text: string): boolean {
  if (text.length < MAX_DEPTH * 2) return false;
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

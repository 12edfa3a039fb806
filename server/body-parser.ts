import type { FastifyInstance } from "fastify";

import { ServiceError, errorMessage } from "../lib/errors.ts";

/** Deeper JSON is refused: recursive code behind the routes must not be able to exhaust the stack. */
const MAX_DEPTH = 200;

/**
 * Reads every body as JSON, whatever its content type says: Studio sends `text/plain` to spare itself a preflight, and
 * plain clients send none. An empty body counts as absent. Keys that would reach a prototype are refused.
 */
export function registerBodyParser(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>("*", { parseAs: "string" }, (request, text, done) => {
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
      else done(new ServiceError("invalid_json", `the body is not valid JSON: ${errorMessage(error)}`));
    });
  });
  // Validation needs a value to look at; which fields are missing is then said one by one.
  app.addHook("preValidation", async (request) => {
    if (request.method !== "GET" && request.body === undefined) request.body = {};
  });
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

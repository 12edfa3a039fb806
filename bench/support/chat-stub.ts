import { createServer } from "node:http";

import { seededRandom } from "../../lib/random.ts";

/**
 * An OpenAI-compatible endpoint that answers every chat completion with JSON after a fixed time, and prints its URL.
 * Arguments: the time in ms, the share of the time in which it answers 429, as one that limits a rate does when its
 * quota is used up, and the share of answers whose JSON is broken beyond repair.
 */
const [latencyMs = 200, limitedShare = 0, brokenShare = 0] = process.argv.slice(2).map(Number);
const WINDOW_MS = 5_000;
const chance = seededRandom(1);

const bodyOf = (content: string): string =>
  JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
    usage: { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 },
  });
const good = bodyOf('```json\n{"text": "A short answer of a few words."}\n```');
const broken = bodyOf('```json\n{"text": ');

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    if (performance.now() % WINDOW_MS < limitedShare * WINDOW_MS) {
      response.writeHead(429, { "retry-after": "1" });
      response.end();
      return;
    }
    const body = chance() < brokenShare ? broken : good;
    setTimeout(() => {
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
      response.end(body);
    }, latencyMs);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stub has no port");
  process.stdout.write(`listening on http://127.0.0.1:${address.port}/v1\n`);
});

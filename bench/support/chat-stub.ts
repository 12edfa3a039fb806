import { createServer } from "node:http";

import { seededRandom } from "../../lib/random.ts";

/**
 * An OpenAI-compatible endpoint that answers every chat completion with JSON after a fixed time, and prints its URL.
 * Arguments: the time in ms, the share of answers whose JSON is broken beyond repair, the share of requests that get a
 * 429, how they are picked ("random", or "quota": all within that share of each 5 s, as an endpoint does whose quota is
 * used up), and the Retry-After of a 429 in seconds.
 */
const [latency = "200", broken = "0", limited = "0", pick = "random", retryAfter = "1"] = process.argv.slice(2);
const [latencyMs, brokenShare, limitedShare] = [Number(latency), Number(broken), Number(limited)];
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
const torn = bodyOf('```json\n{"text": ');

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    const draw = pick === "quota" ? (performance.now() % WINDOW_MS) / WINDOW_MS : chance();
    if (draw < limitedShare) {
      response.writeHead(429, { "retry-after": retryAfter });
      response.end();
      return;
    }
    const body = chance() < brokenShare ? torn : good;
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

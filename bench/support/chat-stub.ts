import { createServer } from "node:http";

/** An OpenAI-compatible endpoint that answers every chat completion after a fixed time, and prints its URL. */
const latencyMs = Number(process.argv[2] ?? 200);
const body = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  choices: [
    { index: 0, finish_reason: "stop", message: { role: "assistant", content: "A short answer of a few words." } },
  ],
  usage: { prompt_tokens: 40, completion_tokens: 8, total_tokens: 48 },
});

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
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

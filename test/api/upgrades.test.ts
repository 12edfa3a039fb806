import { connect } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { type TestApp, startTestApp } from "../support/test-app.ts";

let server: TestApp;
afterEach(() => server.close());

const SOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

/** Sends a request as it is written and gives all that is answered until the server closes the connection. */
async function exchange(request: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    answer += part;
  });
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  socket.write(request);
  await new Promise((resolve) => socket.once("end", resolve));
  socket.destroy();
  return answer;
}

describe("an offer to switch protocols", () => {
  it("of HTTP/2 leaves the request what it is, body and all", async () => {
    server = await startTestApp({ isListening: true });
    const body = JSON.stringify({ assistant_id: "two_nodes", input: {} });
    const answer = await exchange(
      `POST /runs/wait HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n` +
        `HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"first"/);
  });

  it.each([
    {
      what: "a route without sockets",
      line: "GET /ok",
      status: 200,
      connection: "Connection: close, Upgrade\r\nUpgrade: websocket\r\n",
    },
    { what: "a socket without a key", line: "GET /threads/a/stream/events", status: 400, connection: SOCKET },
    { what: "a path that cannot be read", line: "GET /threads/%/stream/events", status: 400, connection: SOCKET },
  ])(
    "on $what is answered and leaves no connection behind that holds the server",
    async ({ line, status, connection }) => {
      server = await startTestApp({ isListening: true });
      const answer = await exchange(`${line} HTTP/1.1\r\nHost: a\r\n${connection}\r\n`);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      await server.app.close();
      const open = await new Promise((resolve) => server.app.server.getConnections((_error, count) => resolve(count)));
      expect(open).toBe(0);
    },
  );
});

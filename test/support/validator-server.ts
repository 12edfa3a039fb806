import { once } from "node:events";
import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface JsonReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface JsonServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: unknown;
  }[];
  /** Most requests that were open at once. */
  mostOpen(): number;
  close(): Promise<void>;
}

/** A server that answers every POST with what `answer` makes of its JSON body; undefined leaves the request open. */
export async function startJsonServer(
  answer: (body: never, path: string) => JsonReply | undefined | Promise<JsonReply | undefined>,
): Promise<JsonServer> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
  let open = 0;
  let most = 0;
  const server = createServer((request, response) => {
    void (async () => {
      open += 1;
      most = Math.max(most, open);
      response.once("close", () => void (open -= 1));
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      const path = request.url ?? "";
      requests.push({ path, headers: request.headers, body });
      // The test that starts the server knows what is sent to it.
      const reply = await answer(body as never, path);
      if (reply === undefined) return;
      const { status = 200, headers = {}, body: content } = reply;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof content === "string" ? content : JSON.stringify(content ?? null));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A server that listens on TCP has an address of this shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    mostOpen: () => most,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

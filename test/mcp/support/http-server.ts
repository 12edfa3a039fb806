import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { McpHttpHandler } from "../../../mcp/server/http.ts";

export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  close(): Promise<void>;
}

/** Serves the handler on a free loopback port. */
export async function listenLoopback(handler: McpHttpHandler, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    void handler.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  // A TCP server's address is never a pipe name.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    port: address.port,
    server,
    close: async () => {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

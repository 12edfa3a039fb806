import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface HookBody {
  readonly run_id: string;
  readonly status: string;
  readonly values?: unknown;
}

/** Receives the webhooks of runs. */
export interface HookReceiver {
  readonly url: string;
  /** What was posted to `url/<path>` so far. */
  of(path: string): readonly HookBody[];
  close(): void;
}

export async function listenForHooks(): Promise<HookReceiver> {
  const bodies = new Map<string, HookBody[]>();
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const path = (request.url ?? "").slice(1);
      // Only the servers under test post here, and what they post is what is looked at.
      bodies.set(path, [...(bodies.get(path) ?? []), JSON.parse(text) as HookBody]);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  // A server that listens on TCP has an address object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    of: (path) => bodies.get(path) ?? [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

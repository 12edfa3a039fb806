import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { systemClock } from "../../../../lib/clock.ts";
import { loadConfig } from "../../../../lib/config.ts";
import { createLog } from "../../../../lib/log.ts";
import { seededRandom } from "../../../../lib/random.ts";
import { createToolClient } from "../../../../mcp/client/create-tool-client.ts";
import type { ToolClient, ToolOutcome } from "../../../../mcp/client/tool-client.ts";
import { createDataDesignerServer } from "../../../../mcp/server/data-designer.ts";
import type { DataToolContext } from "../../../../tools/data/context.ts";
import { createDataToolContext } from "../../../../tools/data/create-context.ts";

export type Answer = Readonly<Record<string, unknown>>;

export interface DataTools {
  readonly context: DataToolContext;
  /** One MCP connection, with a session of its own. */
  connect(): ToolClient;
  close(): Promise<void>;
}

/** The real tools on the built-in engine over MCP in process, with its files in a folder that goes with them. */
export async function openDataTools(settings: Record<string, string> = {}): Promise<DataTools> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-data-tools-"));
  const log = createLog({ level: "error", destination: { write: () => undefined } });
  const random = seededRandom(5);
  const config = loadConfig({ NEMOPS_HOME: home, LLM_PROVIDER: "offline", ...settings });
  const context = await createDataToolContext({ config, clock: systemClock, random, log });
  const clients: ToolClient[] = [];
  return {
    context,
    connect() {
      const servers = [{ name: "data-designer", createServer: createDataDesignerServer({ context, log }) }];
      const client = createToolClient({ servers, timeoutMs: 20_000, clock: systemClock, random, log });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await context.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The structured answer of a call that has to succeed. */
export async function ask(client: ToolClient, name: string, args: Answer = {}, meta?: Answer): Promise<Answer> {
  const outcome = await client.call(name, args, meta === undefined ? {} : { meta });
  if (outcome.isError) throw new Error(`${name} failed: ${outcome.text}`);
  return outcome.structured ?? {};
}

/** The answer of a call that has to fail in the tool. */
export async function refuse(client: ToolClient, name: string, args: Answer = {}, meta?: Answer): Promise<Answer> {
  const outcome: ToolOutcome = await client.call(name, args, meta === undefined ? {} : { meta });
  if (!outcome.isError) throw new Error(`${name} did not fail: ${outcome.text}`);
  return outcome.structured ?? {};
}

/** `_meta` of a call that works on an empty design. */
export const EMPTY = { "nemops/design": null };

export type Calls = readonly (readonly [string, Answer])[];

/** Applies calls one after the other to a design that travels in `_meta`, as the graph does. */
export async function build(client: ToolClient, calls: Calls): Promise<Answer> {
  let answer: Answer = { design: null };
  for (const [name, args] of calls) {
    answer = await ask(client, name, args, { "nemops/design": answer["design"] });
  }
  return answer;
}

import { afterEach, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON } from "../../server/open-service.ts";
import { startServer } from "../../server/start-server.ts";
import { hasPostgres, startTestPostgres } from "../support/postgres.ts";
import { createTempFolder } from "../support/test-app.ts";

const SMALL = { LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", LOG_LEVEL: "silent", PORT: "0" };
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function readBanner(env: Record<string, string>): Promise<{ home: string; lines: readonly string[] }> {
  const home = createTempFolder();
  closers.push(() => home.remove());
  const server = await startServer({
    config: loadConfig({ NEMOPS_HOME: home.path, ...SMALL, ...env }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  closers.push(() => server.close());
  expect(server.banner.join("\n")).toContain(`  API     ${server.url} `);
  return { home: home.path, lines: server.banner };
}

describe("what a server says of itself", () => {
  it("names the folder of its SQLite files", async () => {
    const { home, lines } = await readBanner({});
    expect(lines).toContain(`  store   SQLite in ${home}`);
  });

  it.skipIf(!hasPostgres())("names its Postgres instead, without the password", async () => {
    const postgres = await startTestPostgres();
    closers.push(() => postgres.stop());
    const uri = new URL(await postgres.createSchema());
    uri.password = "hunter2";
    const { lines } = await readBanner({ DATABASE_URI: uri.href });
    expect(lines).toContain(`  store   Postgres at ${uri.host}${uri.pathname}`);
    expect(lines.join("\n")).not.toMatch(/hunter2|SQLite/);
  });
});

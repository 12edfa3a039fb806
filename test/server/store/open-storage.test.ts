import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import path from "node:path";

import { expect, it } from "vitest";

import { createTempFolder } from "../../support/test-app.ts";

it("loads nothing of Postgres for a service on SQLite", () => {
  const home = createTempFolder();
  const file = pathToFileURL(path.resolve(import.meta.dirname, "../../../server/open-service.ts")).href;
  const storage = pathToFileURL(path.resolve(import.meta.dirname, "../../../server/store/open-storage.ts")).href;
  // What is loaded is asked for by name, in a process that has loaded nothing else.
  const script = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
    await import(${JSON.stringify(file)});
    const { openStorage } = await import(${JSON.stringify(storage)});
    await (await openStorage({ home: ${JSON.stringify(home.path)} })).close();
    console.log(JSON.stringify(seen.filter((url) => /node_modules\\/(pg|@langchain\\/langgraph-checkpoint-postgres)\\/|store\\/postgres\\//.test(url))));
    console.log(seen.length);
  `;
  try {
    const flags = ["--input-type=module", "-e", script];
    const [found, count] = execFileSync(process.execPath, flags, { encoding: "utf8" }).trim().split("\n");
    expect(Number(count)).toBeGreaterThan(100);
    expect(found).toBe("[]");
  } finally {
    home.remove();
  }
});

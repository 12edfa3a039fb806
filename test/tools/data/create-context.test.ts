import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { seededRandom } from "../../../lib/random.ts";
import { type OwnedDataToolContext, createDataToolContext } from "../../../tools/data/create-context.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-data-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function createContext(settings: Record<string, string> = {}): Promise<OwnedDataToolContext> {
  const config = loadConfig({ NEMOPS_HOME: home, ...settings });
  const log = createLog({ level: "silent" });
  return createDataToolContext({ config, clock: systemClock, random: seededRandom(1), log });
}

describe("what makes datasets", () => {
  it("is the built-in engine, without a model, when nothing is set", async () => {
    const context = await createContext();
    expect(context.designer.backend).toBe("embedded");
    expect(context.designer.describe()).toContain(path.join(home, "datasets"));
    expect((await context.designer.settings()).textModel).toBe("offline text model");
    await context.close();
  });

  it("offers the configured model, and holds jobs to the configured rows", async () => {
    const settings = { LLM_BASE_URL: "http://127.0.0.1:1/v1", LLM_MODEL: "m-1", DATA_MAX_ROWS: "10" };
    const context = await createContext(settings);
    const { designer } = context;
    expect((await designer.settings()).modelConfigs).toEqual([{ alias: "default", model: "m-1", provider: "default" }]);
    const config = { columns: [{ column_type: "sampler", name: "id", sampler_type: "uuid", params: {} }] };
    await expect(designer.createJob({ config, numRecords: 11 })).rejects.toThrow("11 rows: must be 1 to 10");
    await context.close();
  });

  it("is a NeMo service when one is configured, which nothing is asked of yet", async () => {
    const context = await createContext({ NEMO_BASE_URL: "http://127.0.0.1:1" });
    expect(context.designer.backend).toBe("nemo");
    await context.close();
  });

  it("is nothing where the home cannot be used, which is said", async () => {
    writeFileSync(path.join(home, "datasets.sqlite"), "this is no database, but long enough to be looked at as one");
    await expect(createContext()).rejects.toMatchObject({ code: "storage_failed" });
  });
});

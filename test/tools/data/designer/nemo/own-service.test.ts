import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import { fingerprint } from "../../../../../engine/data/design/fingerprint.ts";
import { parseDesign } from "../../../../../engine/data/design/parse-design.ts";
import { type Clock, systemClock } from "../../../../../lib/clock.ts";
import { createLog } from "../../../../../lib/log.ts";
import { seededRandom } from "../../../../../lib/random.ts";
import type { DataDesigner } from "../../../../../tools/data/designer/designer.ts";
import { createNemoDesigner } from "../../../../../tools/data/designer/nemo/nemo-designer.ts";
import { describeDataDesigner, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { startDesignerApp } from "../../../../server/routes/designer-app.ts";

/** Looks again soon: the job on the other side takes real time, but not a second. */
const clock: Clock = { now: () => Date.now(), sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 5), signal) };

async function open(): Promise<{ designer: DataDesigner; cleanUp(): Promise<void> }> {
  const app = await startDesignerApp({ isListening: true });
  const home = mkdtempSync(path.join(tmpdir(), "nemops-client-"));
  const log = createLog({ level: "silent" });
  const random = seededRandom(1);
  const designer = createNemoDesigner({
    baseUrl: app.url,
    dialect: "auto",
    workspace: "default",
    home,
    clock,
    random,
    log,
  });
  return {
    designer,
    cleanUp: async () => {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

describeDataDesigner("NeMo, our own service", open, { manyRows: 900_000 });

describe("our client at our own service", () => {
  let opened: Awaited<ReturnType<typeof open>> | undefined;
  afterEach(() => opened?.cleanUp());

  it("brings a design there and back, and its seed and its writer with it", async () => {
    opened = await open();
    const { designer } = opened;
    const config = JSON.parse(readFileSync("seeds/designs/minimal.json", "utf8")) as unknown;
    const created = await designer.createJob({ config, numRecords: 12, idempotencyKey: "once" });
    const again = await designer.createJob({ config, numRecords: 12, idempotencyKey: "once" });
    expect(again.id).toBe(created.id);
    const job = await waitUntilEnded(designer, created.id);
    expect(job).toMatchObject({ status: "completed", progress: { rows: 12 } });
    expect(["number", "string"]).toContain(typeof job.seed);
    expect(job.textModel).toContain("offline");
    expect(fingerprint(parseDesign(job.config).design!)).toEqual(fingerprint(parseDesign(config).design!));
  });
});

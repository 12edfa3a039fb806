import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterEach, beforeEach, expect, it } from "vitest";

import { systemClock } from "../../../../lib/clock.ts";
import { createAlertBook } from "../../../../tools/gpu/alerts/alert-book.ts";
import { seedPolicies } from "../../../../tools/gpu/alerts/policies.ts";

const PROCESSES = 3;
const ROUNDS = 20;
const SCRIPT = fileURLToPath(new URL("raise-many.ts", import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-processes-"));
});
afterEach(() => rmSync(home, { recursive: true }));

it("holds one alert a fault and loses no count when processes create the file and raise at the same time", async () => {
  const file = path.join(home, "alerts.sqlite");
  const run = () => promisify(execFile)(process.execPath, [SCRIPT, file, String(ROUNDS)], { timeout: 25_000 });
  await Promise.all(Array.from({ length: PROCESSES }, run));
  const book = createAlertBook({ path: file, clock: systemClock, policies: seedPolicies(), channels: ["log"] });
  const { alerts, total } = book.list();
  expect(total).toBe(10);
  expect(alerts.map(({ count }) => count)).toEqual(Array.from({ length: 10 }, () => PROCESSES * ROUNDS));
  for (const { alert_id: id } of alerts) expect(book.notifications(id)).toHaveLength(1);
  book.dispose();
});

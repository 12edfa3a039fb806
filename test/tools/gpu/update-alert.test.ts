import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { updateAlert } from "../../../tools/gpu/update-alert.ts";
import { MINUTE_MS } from "../../support/manual-clock.ts";
import { type ToolBench, openToolBench } from "./support/run-tool.ts";

let bench: ToolBench;
let id: string;

beforeEach(async () => {
  bench = await openToolBench();
  const fault = {
    severity: "critical",
    title: "GPU 1 lost",
    analysis: "",
    remediationSteps: [],
    isSimulated: false,
  } as const;
  id = bench.alerting.book.raise(fault).alert.alert_id;
});

afterEach(() => bench.close());

describe("update_alert", () => {
  it("acknowledges, snoozes for the minutes asked for or an hour, and closes", async () => {
    expect(await bench.run(updateAlert, { alert_id: id, action: "acknowledge", by: "ana" })).toMatchObject({
      alert: { status: "acknowledged", owner: "ana" },
      message: `${id} is acknowledged by ana; its escalation has stopped.`,
    });
    const snoozed = await bench.run(updateAlert, { alert_id: id.toLowerCase(), action: "snooze", minutes: 10 });
    const untilMs = Date.parse((snoozed["alert"] as { snoozed_until: string }).snoozed_until);
    expect(untilMs - bench.clock.now()).toBe(10 * MINUTE_MS);
    const hour = await bench.run(updateAlert, { alert_id: id, action: "snooze" });
    expect(Date.parse((hour["alert"] as { snoozed_until: string }).snoozed_until) - bench.clock.now()).toBe(
      60 * MINUTE_MS,
    );
    await bench.run(updateAlert, { alert_id: id, action: "close", by: "ben", reason: "board replaced" });
    expect(bench.alerting.book.history(id).at(-1)).toMatchObject({
      what: "closed",
      by: "ben",
      reason: "board replaced",
    });
  });

  it("fails for an unknown id, and for an acknowledgement of a closed alert", async () => {
    bench.alerting.book.close(id);
    const acknowledge = (alertId: string) => bench.run(updateAlert, { alert_id: alertId, action: "acknowledge" });
    await expect(acknowledge("NEMOPS-00000000")).rejects.toMatchObject({ code: "alert_not_found" });
    await expect(acknowledge(id)).rejects.toMatchObject({ code: "conflict" });
  });

  it("refuses an unknown action and minutes out of bounds", () => {
    const parse = (change: object) =>
      updateAlert.input.safeParse({ alert_id: "NEMOPS-1", action: "snooze", ...change });
    expect(parse({}).success).toBe(true);
    expect(parse({ action: "delete" }).success).toBe(false);
    for (const minutes of [0, -5, 43_201]) expect(parse({ minutes }).success).toBe(false);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { listAlerts } from "../../../tools/gpu/list-alerts.ts";
import { type ToolBench, openToolBench } from "./support/run-tool.ts";

let bench: ToolBench;
const ids: string[] = [];

beforeEach(async () => {
  bench = await openToolBench();
  ids.length = 0;
  for (let gpu = 0; gpu < 5; gpu += 1) {
    const { alert } = bench.alerting.book.raise({
      severity: gpu === 0 ? "warning" : "critical",
      title: `GPU ${gpu} trouble`,
      analysis: "long ".repeat(200),
      remediationSteps: [],
      node: "node-1",
      gpu,
      rule: "xid.48",
      isSimulated: gpu === 4,
    });
    ids.push(alert.alert_id);
    bench.clock.jump(1);
  }
});

afterEach(() => bench.close());

describe("list_alerts", () => {
  it("shows the latest first, cuts long texts, and says how many are left and how to see them", async () => {
    const answer = await bench.run(listAlerts, { severity: "critical", limit: 3 });
    expect(answer).toMatchObject({ total: 4, left_out: 1, simulated: true });
    const alerts = answer["alerts"] as { gpu: number; analysis: string }[];
    expect(alerts.map(({ gpu }) => gpu)).toEqual([4, 3, 2]);
    expect(alerts[0]?.analysis).toMatch(new RegExp(`… \\(600 more characters; ask with alert_id ${ids[4]}\\)$`));
    const rest = await bench.run(listAlerts, { severity: "critical", limit: 3, offset: 3 });
    expect(rest).toMatchObject({ left_out: 0, simulated: false, alerts: [{ gpu: 1 }] });
  });

  it("filters by status, node and GPU, and answers an empty list for no match", async () => {
    bench.alerting.book.acknowledge(ids[2] ?? "");
    expect(await bench.run(listAlerts, { status: "acknowledged" })).toMatchObject({ total: 1, alerts: [{ gpu: 2 }] });
    expect(await bench.run(listAlerts, { node: "node-1", gpu_id: 3 })).toMatchObject({
      total: 1,
      alerts: [{ gpu: 3 }],
    });
    expect(await bench.run(listAlerts, { node: "other" })).toEqual({
      alerts: [],
      total: 0,
      left_out: 0,
      simulated: false,
    });
  });

  it("shows one alert in full with its notifications, whatever the case of the id", async () => {
    const answer = await bench.run(listAlerts, { alert_id: ids[1]?.toLowerCase() });
    expect(answer).toMatchObject({ total: 1, notifications: [{ channel: "log", status: "queued" }] });
    expect((answer["alerts"] as { analysis: string }[])[0]?.analysis).toHaveLength(1_000);
    await expect(bench.run(listAlerts, { alert_id: "NEMOPS-1" })).rejects.toMatchObject({ code: "alert_not_found" });
  });

  it("refuses an unknown status and a limit out of bounds", () => {
    expect(listAlerts.input.safeParse({ status: "firing" }).success).toBe(false);
    expect(listAlerts.input.safeParse({ limit: 0 }).success).toBe(false);
    expect(listAlerts.input.safeParse({ limit: 101 }).success).toBe(false);
  });
});

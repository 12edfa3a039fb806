import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { generateAlert } from "../../../tools/gpu/generate-alert.ts";
import { type Receiver, startReceiver } from "./alerts/receiver.ts";
import { type ToolBench, type ToolBenchOptions, openToolBench } from "./support/run-tool.ts";

const ARGS = {
  severity: "critical",
  title: "GPU 3 fell off the bus",
  analysis: "XID 79 in the kernel log.",
  remediation_steps: ["cordon the node", "power-cycle it"],
  gpu_id: 3,
  rule: "xid.79",
};

let receiver: Receiver;
const benches: ToolBench[] = [];

beforeEach(async () => {
  receiver = await startReceiver();
});

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close();
  await receiver.close();
});

async function open(options: ToolBenchOptions = {}): Promise<ToolBench> {
  const bench = await openToolBench(options);
  benches.push(bench);
  return bench;
}

const toReceiver = () => ({ webhook: { url: receiver.url, allowPrivate: true, timeoutMs: 500 } });

describe("generate_alert", () => {
  it("answers the fields of the original and does not claim that anybody was told when nothing reaches people", async () => {
    const { run } = await open();
    const answer = await run(generateAlert, ARGS);
    expect(answer).toMatchObject({
      dispatched: false,
      outcome: "created",
      simulated: true,
      alert: {
        alert_id: expect.stringMatching(/^NEMOPS-[0-9A-F]{8}$/) as string,
        severity: "critical",
        title: ARGS.title,
        analysis: ARGS.analysis,
        remediation_steps: ARGS.remediation_steps,
        escalation: {
          policy: "gpu-critical-oncall",
          notify: ["#gpu-incidents", "PagerDuty"],
          response_sla_minutes: 15,
        },
        source: "nemops-agent",
        status: "open",
        component: "pcie",
        gpu: 3,
      },
      notifications: [{ channel: "log", status: "sent" }],
    });
    expect(answer["message"]).toMatch(
      /was raised \(critical, P2\)\. Recorded in the log\. Nobody has been told: no channel that reaches people is configured \(ALERT_WEBHOOK_URL\), and the policy is for #gpu-incidents and PagerDuty\. The node is simulated\./,
    );
  });

  it("says dispatched once the webhook has accepted", async () => {
    const { run } = await open(toReceiver());
    const answer = await run(generateAlert, ARGS);
    expect(answer).toMatchObject({
      dispatched: true,
      notifications: [{ channel: "log" }, { channel: "webhook", status: "sent" }],
    });
    expect(answer["message"]).toMatch(/Accepted by the webhook for on-call: #gpu-incidents, PagerDuty; who is paged/);
    expect(receiver.received).toHaveLength(1);
  });

  it("says queued with the reason when the webhook fails for now, and failed when it refuses", async () => {
    const { run } = await open(toReceiver());
    receiver.answer({ status: 503 });
    const queued = await run(generateAlert, ARGS);
    expect(queued["dispatched"]).toBe(false);
    expect(queued["message"]).toMatch(/Queued for the webhook \(the webhook answered 503\); it is tried again/);
    receiver.answer({ status: 403 });
    const failed = await run(generateAlert, { ...ARGS, gpu_id: 2, title: "GPU 2 fell off the bus" });
    expect(failed["dispatched"]).toBe(false);
    expect(failed["message"]).toMatch(/Not delivered to the webhook \(the webhook answered 403\)/);
  });

  it("counts the same fault, sends nothing again, and still says what was sent before", async () => {
    const { run } = await open(toReceiver());
    const first = await run(generateAlert, ARGS);
    const second = await run(generateAlert, { ...ARGS, title: "gpu 3 is gone", component: "pcie" });
    expect(second).toMatchObject({ outcome: "deduplicated", dispatched: true, alert: { count: 2 } });
    expect(second["message"]).toMatch(/was open already.*seen 2 times/);
    expect((second["alert"] as { alert_id: string }).alert_id).toBe((first["alert"] as { alert_id: string }).alert_id);
    expect(receiver.received).toHaveLength(1);
  });

  it("does not take what an earlier, lesser warning sent as news of the critical fault", async () => {
    const { run } = await open(toReceiver());
    await run(generateAlert, { ...ARGS, severity: "warning" });
    receiver.answer({ status: 500 });
    const worse = await run(generateAlert, ARGS);
    expect(worse).toMatchObject({ dispatched: false, alert: { severity: "critical", count: 2 } });
    expect((worse["notifications"] as { status: string }[]).map(({ status }) => status)).toEqual(["sent", "queued"]);
  });

  it("treats an unknown severity as info, says so, and tells nobody", async () => {
    const { run } = await open(toReceiver());
    const answer = await run(generateAlert, { ...ARGS, severity: "catastrophic" });
    expect(answer).toMatchObject({
      dispatched: false,
      alert: { severity: "info", escalation: { policy: "gpu-info-log" } },
    });
    expect(answer["message"]).toMatch(/^Severity "catastrophic" is not critical, warning or info and counts as info\./);
    expect(receiver.received).toEqual([]);
    const upper = await run(generateAlert, { ...ARGS, severity: "CRITICAL", gpu_id: 1 });
    expect(upper).toMatchObject({ alert: { severity: "critical" } });
  });

  it("keeps quiet about an acknowledged fault that is seen again", async () => {
    const { run, alerting } = await open(toReceiver());
    const { alert } = (await run(generateAlert, ARGS)) as { alert: { alert_id: string } };
    alerting.book.acknowledge(alert.alert_id, "ana");
    const again = await run(generateAlert, ARGS);
    expect(again["message"]).toMatch(/It is acknowledged, so nobody is told again/);
    expect(receiver.received).toHaveLength(1);
  });

  it("says which alert explains one that is kept silent", async () => {
    const { run } = await open(toReceiver());
    await run(generateAlert, ARGS);
    const hot = await run(generateAlert, {
      ...ARGS,
      severity: "warning",
      title: "GPU 3 is hot",
      rule: "thermal.sw_slowdown",
    });
    expect(hot).toMatchObject({ dispatched: false, notifications: [] });
    expect(hot["message"]).toMatch(/follows from NEMOPS-[0-9A-F]{8}/);
  });

  it("takes a node the source does not know as a real one, and a known host name as its id", async () => {
    const { run, context } = await open();
    const [node] = await context.telemetry.listNodes(new AbortController().signal);
    const known = await run(generateAlert, { ...ARGS, node: node?.hostname });
    expect(known).toMatchObject({ simulated: true, alert: { node: node?.id } });
    const foreign = await run(generateAlert, { ...ARGS, node: "dgx-17" });
    expect(foreign).toMatchObject({
      simulated: false,
      outcome: "created",
      alert: { node: "dgx-17", is_simulated: false },
    });
  });

  it("leaves delivery to the service when this process has no dispatcher, and says so", async () => {
    const { context } = await open();
    const { alertDispatcher: _none, ...without } = context;
    const call = { context: without, signal: new AbortController().signal, reportProgress: () => {}, meta: {} };
    const answer = await generateAlert.run(generateAlert.input.parse(ARGS), call);
    expect(answer).toMatchObject({ dispatched: false, notifications: [{ status: "queued" }] });
    expect(answer["message"]).toMatch(/Nothing in this process delivers/);
  });

  it.each([
    [{ ...ARGS, title: "  " }, "title"],
    [{ ...ARGS, rule: "xid 79; drop" }, "rule"],
    [{ ...ARGS, component: "engine" }, "component"],
    [{ ...ARGS, gpu_id: -1 }, "gpu_id"],
    [{ ...ARGS, analysis: "x".repeat(20_001) }, "analysis"],
  ])("refuses bad arguments and names the field", (args, field) => {
    const { error } = generateAlert.input.safeParse(args);
    expect(error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });
});

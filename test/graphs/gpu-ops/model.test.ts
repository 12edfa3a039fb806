import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { type OpenAiServer, type Script, startOpenAiServer } from "../../support/openai-server.ts";
import { FINDING, type GpuTools, HEALTHY, STUCK_CLOCK, createGpuTools } from "../support/gpu-tools.ts";
import { type Conversation, createTestModel, startConversation } from "../support/run-graph.ts";

let server: OpenAiServer;
let tools: GpuTools;

beforeEach(async () => {
  server = await startOpenAiServer();
  tools = createGpuTools();
});
afterEach(() => server.close());

async function start(settings: Record<string, string> = {}, maxSteps = 10): Promise<Conversation> {
  const model = await createTestModel({ LLM_PROVIDER: "openai", LLM_BASE_URL: server.baseUrl, ...settings });
  return startConversation({ tools, model, maxSteps });
}

const names = (): string[] => tools.calls.map((call) => call.name);
const calling = (name: string, args: unknown = {}): Script => ({
  kind: "answer",
  calls: [{ name, args: JSON.stringify(args) }],
});
const saying = (text: string): Script => ({ kind: "answer", text });

describe("gpu_ops with a language model", () => {
  it("lets the model work with all tools and builds the report from the results", async () => {
    server.script(
      { kind: "answer", reasoning: "look first", calls: [{ name: "gpu_health_check", args: "{}" }] },
      {
        kind: "answer",
        calls: [
          { name: "search_incidents", args: '{"query":"low clocks"}' },
          { name: "propose_remediation", args: '{"actions":["RESTORE_CLOCKS"]}' },
        ],
      },
      calling("generate_alert", { severity: "warning", title: "clock", analysis: "a", remediation_steps: [] }),
      saying("GPU 2 is held at 345 MHz (driver). Restore its clocks."),
    );
    const { text, report } = await (await start()).ask("Why is training slow?");
    expect(server.requests[0]?.tools).toHaveLength(11);
    expect(names()).toEqual(["gpu_health_check", "search_incidents", "propose_remediation", "generate_alert"]);
    expect(tools.maxConcurrent()).toBe(2);
    expect(text).toBe("GPU 2 is held at 345 MHz (driver). Restore its clocks.");
    expect(report).toMatchObject({
      verdict: "driver",
      evidence: FINDING.evidence,
      answered_by: "nemotron-3-nano",
      notes: [],
      // The alert carries the engine's rule and GPU although the model named neither.
      alerts: [{ rule: FINDING.rule, gpu: 2, node: "gpu-node-01" }],
    });
    const sent = server.requests.at(-1)?.messages ?? [];
    expect(sent[0]).toMatchObject({ role: "system" });
    expect(sent.filter((message) => message.role === "tool")).toHaveLength(4);
  });

  it("tells the model about failures, unknown tools and unreadable calls, and goes on", async () => {
    tools.fail("search_incidents", "the index is being rebuilt");
    server.script(
      {
        kind: "answer",
        calls: [
          { name: "gpu_health_check", args: "{}" },
          { name: "search_incidents", args: '{"query":"x"}' },
          { name: "reboot_node", args: "{}" },
          { name: "list_gpus", args: "all of them" },
        ],
      },
      saying("The verdict is driver."),
    );
    const { report } = await (await start()).ask("Why is training slow?");
    const told = server.requests[1]?.messages.filter((message) => message.role === "tool").map((one) => one.content);
    expect(told).toHaveLength(4);
    expect(told?.[1]).toBe("the index is being rebuilt");
    expect(told?.[2]).toMatch(/there is no tool "reboot_node"; tools are gpu_health_check/);
    expect(told?.[3]).toMatch(/not valid JSON.*send it again/);
    expect(report.notes).toHaveLength(3);
  });

  it("looks itself when the model answers without looking, and lets the model speak again", async () => {
    server.script(saying("It is surely the network."), saying("GPU 2 is slow: driver."));
    const { text, report } = await (await start()).ask("Why is training slow?");
    expect(names()).toEqual(["gpu_health_check"]);
    expect(text).toBe("GPU 2 is slow: driver.");
    expect(report.verdict).toBe("driver");
  });

  it("lets the model answer other questions without a look", async () => {
    server.script(saying("I look after GPUs."));
    const { report } = await (await start()).ask("who are you?");
    expect(names()).toEqual([]);
    expect(report).toMatchObject({ verdict: null, answered_by: "nemotron-3-nano" });
  });

  it("keeps the engine's verdict when the model's text goes against it, and notes that", async () => {
    server.script(calling("gpu_health_check"), saying("All GPUs are healthy. Just reboot the node to be sure."));
    const { report } = await (await start()).ask("Why is training slow?");
    expect(report).toMatchObject({ verdict: "driver", severity: "warning", actions: ["RESTORE_CLOCKS", "WATCH"] });
    expect(report.notes).toEqual([
      "The model's text calls this healthy; the rules engine says driver, which stands.",
      "The model's text mentions REBOOT_NODE, which the assessment forbids here. Do not do it.",
    ]);
  });

  it("does not note what a text agrees with", async () => {
    server.script(
      calling("gpu_health_check"),
      saying("This is a driver setting on GPU 2; the other GPUs are fine. Do not reboot the node."),
    );
    expect((await (await start()).ask("Why is training slow?")).report.notes).toEqual([]);
  });

  it("does not let the model page anybody for a healthy node or an application", async () => {
    for (const assessment of [HEALTHY, { ...STUCK_CLOCK, verdict: "app" }]) {
      tools.setNode({ assessment });
      server.script(
        calling("gpu_health_check"),
        calling("generate_alert", { severity: "critical", title: "t", analysis: "a", remediation_steps: [] }),
        saying("Nothing to do."),
      );
      await (await start()).ask("Is this node ok?");
    }
    expect(tools.alerts.size).toBe(0);
  });

  it("does not raise the same fault twice in a thread, whatever the model calls it", async () => {
    const raise = (title: string) =>
      calling("generate_alert", { severity: "warning", title, analysis: "a", remediation_steps: [] });
    server.script(calling("gpu_health_check"), raise("slow clock"), raise("clocks are low"), saying("driver"));
    const { alerts } = await (await start()).ask("Why is training slow?");
    expect(alerts).toHaveLength(1);
    expect(names().filter((name) => name === "generate_alert")).toHaveLength(1);
    expect(JSON.stringify(server.requests[3]?.messages)).toContain("Not raised again");
  });

  it("sends a long log as an excerpt and reads all of it", async () => {
    const log = Array.from({ length: 20_000 }, (_, index) => `[  ${index}.000000] NVRM: Xid (PCI:0000:3b:00): 13, x`);
    server.script(calling("analyze_gpu_log", { log: "@pasted_log" }), saying("driver"));
    await (await start()).ask(`What is this?\n${log.join("\n")}`);
    expect(String(tools.calls[0]?.args["log"]).split("\n")).toHaveLength(20_000);
    expect(JSON.stringify(server.requests[0]).length).toBeLessThan(20_000);
  });

  it("ends with a report when the model never stops calling tools", async () => {
    server.script(...Array.from({ length: 10 }, () => calling("gpu_health_check")));
    const { report } = await (await start({}, 4)).ask("Why is training slow?");
    expect(names()).toHaveLength(3);
    expect(server.requests).toHaveLength(4);
    expect(server.requests[3]?.tools).toBeUndefined();
    expect(report.verdict).toBe("driver");
    expect(report.notes).toContain("The run stopped at its limit of 4 steps.");
  });

  it("takes as many steps as the caller asks for, beyond LangGraph's usual limit", async () => {
    server.script(...Array.from({ length: 30 }, () => calling("list_gpus")));
    const conversation = await start();
    await conversation.ask("list the GPUs thirty times", { context: { max_steps: 30 } });
    expect(server.requests).toHaveLength(30);
    expect(names()).toHaveLength(29);
  });

  it("finishes the run offline when the endpoint goes down in the middle, and says so", async () => {
    server.script(
      calling("gpu_health_check"),
      ...Array.from({ length: 3 }, () => ({ kind: "error", status: 503 }) as const),
    );
    const conversation = await start({ LLM_MAX_RETRIES: "2" });
    const { text, report } = await conversation.ask("Why is training slow?");
    expect(names()).toEqual(["gpu_health_check", "search_incidents", "propose_remediation", "generate_alert"]);
    expect(report).toMatchObject({
      verdict: "driver",
      answered_by: "offline policy (fallback for nemotron-3-nano)",
      notes: ["The model nemotron-3-nano failed: the endpoint answered 503. The offline policy went on."],
    });
    expect(text).toMatch(/^\(The model nemotron-3-nano failed: the endpoint answered 503\./);
    // One good call, then three tries; the turns after the fallback do not ask again.
    expect(server.requests).toHaveLength(4);

    server.script(saying("I am back."));
    const next = await conversation.ask("thanks");
    expect(next.report).toMatchObject({ answered_by: "nemotron-3-nano", notes: [] });
  });

  it("fails the run when there is to be no fallback", async () => {
    server.script({ kind: "error", status: 401 });
    const conversation = await start({ LLM_FALLBACK: "none" });
    await expect(conversation.ask("Why is training slow?")).rejects.toMatchObject({ code: "model_failed" });
  });

  it("streams the model's words, and a repeated answer as a message of its own", async () => {
    server.script({ kind: "cut", text: "GPU 2 is", how: "destroy" }, saying("I look after GPUs."));
    const conversation = await start();
    const words = new Map<string, string>();
    const stream = await conversation.graph.stream(
      { messages: [{ role: "user", content: "who are you?" }] },
      { ...conversation.config, streamMode: "messages" },
    );
    for await (const [chunk] of stream) words.set(chunk.id ?? "", (words.get(chunk.id ?? "") ?? "") + chunk.text);
    expect([...words.values()]).toEqual(["GPU 2 is", "I look after GPUs."]);
    const state = await conversation.graph.getState(conversation.config);
    const { messages } = state.values as { messages: { id?: string; text: string }[] };
    expect(messages.map((message) => message.text)).toEqual(["who are you?", "I look after GPUs."]);
    expect(words.get(messages.at(-1)?.id ?? "")).toBe("I look after GPUs.");
  });
});

import { Command, MemorySaver } from "@langchain/langgraph";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { DataDesignerState } from "../../../graphs/data-designer/state.ts";
import { createCheckpointer } from "../../../server/store/checkpointer.ts";
import { createTempFolder } from "../../support/test-app.ts";
import { type DataTools, openDataTools } from "../../tools/data/support/open-data-tools.ts";
import { type Recorded, recordTools, startDesigner } from "./support.ts";

const BRIEF = "500 fake medical invoices, seed 7";
const LONG_BRIEF = "900000 fake medical invoices";
/** The declared type of a context is the graph's definition and not its value. */
const AUTO: Record<string, unknown> = { context: { approvals: "auto" } };
const APPROVE = { decisions: [{ type: "approve" }] };

let opened: DataTools;
let tools: Recorded;
beforeAll(async () => {
  opened = await openDataTools();
});
afterAll(() => opened.close());
beforeEach(() => {
  tools = recordTools(opened.connect());
});
afterEach(() => tools.close());

async function countJobs(): Promise<number> {
  return (await opened.context.designer.list({ page: 1, pageSize: 100, sort: "-created_at" })).total;
}

describe("one approval", () => {
  it("makes one job when two clients give it at the same time", async () => {
    const checkpointer = new MemorySaver();
    const one = await startDesigner({ tools, checkpointer, threadId: "twice" });
    const other = await startDesigner({ tools, checkpointer, threadId: "twice" });
    await one.ask(BRIEF);
    const before = await countJobs();
    const answers = await Promise.all([one.decide({ type: "approve" }), other.decide({ type: "approve" })]);
    const ids = answers.map(({ state }) => state.job?.id);
    expect(ids[0]).toBeDefined();
    expect(new Set(ids).size).toBe(1);
    expect((await countJobs()) - before).toBe(1);
  });

  it("makes one job when the process ends right after it was created, and a later one goes on with it", async () => {
    const folder = createTempFolder();
    const before = await countJobs();
    const first = createCheckpointer({ path: `${folder.path}/checkpoints.sqlite` });
    // The process is gone between the answer of the tool and the checkpoint.
    const dying = recordTools(opened.connect(), {
      after: (name, outcome) => {
        if (name === "create_job") throw new Error("killed");
        return outcome;
      },
    });
    const before1 = await startDesigner({ tools: dying, checkpointer: first.saver, threadId: "killed" });
    await before1.ask(BRIEF);
    await expect(before1.decide({ type: "approve" })).rejects.toThrow("killed");
    await dying.close();
    await first.close();

    const second = createCheckpointer({ path: `${folder.path}/checkpoints.sqlite` });
    const later = await startDesigner({ tools, checkpointer: second.saver, threadId: "killed" });
    const state = (await later.graph.invoke(new Command({ resume: APPROVE }), later.config)) as DataDesignerState;
    expect(state.job).toMatchObject({ status: "completed", progress: { rows: 500 } });
    expect((await countJobs()) - before).toBe(1);
    await second.close();
    folder.remove();
  });

  it("survives a restart while it is waited for", async () => {
    const folder = createTempFolder();
    const first = createCheckpointer({ path: `${folder.path}/checkpoints.sqlite` });
    const asking = await startDesigner({ tools, checkpointer: first.saver, threadId: "waiting" });
    expect((await asking.ask(BRIEF)).card).toBeDefined();
    await first.close();
    const second = createCheckpointer({ path: `${folder.path}/checkpoints.sqlite` });
    const later = await startDesigner({ tools, checkpointer: second.saver, threadId: "waiting" });
    const { state } = await later.decide({ type: "approve" });
    expect(state.job).toMatchObject({ status: "completed", progress: { rows: 500 } });
    await second.close();
    folder.remove();
  });
});

describe("a run that is stopped while it follows its job", () => {
  it("leaves the job working and known, and the next question finds it", async () => {
    const designer = await startDesigner({ tools, threadId: "stopped" });
    await designer.ask(LONG_BRIEF);
    const stop = new AbortController();
    const running = designer.graph.stream(new Command({ resume: APPROVE }), {
      ...designer.config,
      streamMode: "custom",
      signal: stop.signal,
    });
    await expect(
      (async () => {
        for await (const event of await running) {
          if ((event as { type: string }).type === "job_progress") stop.abort();
        }
      })(),
    ).rejects.toThrow();
    const { values } = await designer.graph.getState(designer.config);
    const { job } = values as DataDesignerState;
    expect(job?.id).toMatch(/^job-/);
    expect(job?.status).not.toBe("completed");

    const { state, text } = await designer.ask("what is the status?");
    expect(text).toContain(`Job \`${String(job?.id)}\``);
    expect(state.job?.id).toBe(job?.id);

    const cancelled = await designer.ask("cancel it");
    expect(cancelled.card?.action_requests).toMatchObject([{ name: "cancel_job", args: { job_id: job?.id } }]);
    expect((await designer.decide({ type: "approve" })).text).toMatch(/is cancel/);
  });
});

describe("streams", () => {
  it("show the design after every step and the progress of the job from its beginning to its end", async () => {
    const designer = await startDesigner({ tools, threadId: "streamed" });
    const seen: { mode: string; data: Record<string, unknown> }[] = [];
    const stream = await designer.graph.stream(
      { messages: [{ role: "user", content: BRIEF }] },
      { ...designer.config, ...AUTO, streamMode: ["updates", "values", "custom"] },
    );
    for await (const [mode, data] of stream) seen.push({ mode, data: data as Record<string, unknown> });

    const updates = seen.filter(({ mode }) => mode === "updates").map(({ data }) => data);
    expect(updates.map((update) => Object.keys(update)[0])).toEqual([
      "reasoner",
      "tool_executor",
      "reasoner",
      "tool_executor",
      "reasoner",
      "tool_executor",
      "submitter",
      "submitter",
      "reasoner",
    ]);
    for (const update of updates.filter((one) => "tool_executor" in one)) {
      expect(update["tool_executor"]).toMatchObject({ design: { name: "medical_invoices" } });
    }
    const values = seen.filter(({ mode }) => mode === "values").map(({ data }) => data);
    expect(values.filter(({ design }) => design !== null).length).toBeGreaterThan(5);
    expect(values.at(-1)).toMatchObject({ job: { status: "completed" }, summary: { num_records: 500 } });

    const events = seen.filter(({ mode }) => mode === "custom").map(({ data }) => data);
    const progress = events.filter(({ type }) => type === "job_progress");
    expect(progress.length).toBeGreaterThanOrEqual(2);
    expect(progress[0]).toMatchObject({ target: 500, job_id: expect.stringMatching(/^job-/) });
    expect(progress.at(-1)).toMatchObject({ status: "completed", rows: 500, target: 500, failed_rows: 0 });
    const calls = events.filter(({ name }) => name === "create_job").map(({ type, is_error }) => [type, is_error]);
    expect(calls).toEqual([
      ["tool_start", undefined],
      ["tool_end", false],
    ]);
  });
});

describe("going back in a thread", () => {
  it("finds the design as it was, and a fork goes on from there with a job of its own", async () => {
    const designer = await startDesigner({ tools, threadId: "forked" });
    await designer.ask("Design medical invoices");
    const { config } = await designer.graph.getState(designer.config);
    await designer.ask("remove the icd_code");
    const then = await designer.graph.getState(config);
    expect(JSON.stringify((then.values as DataDesignerState).design)).toContain("icd_code");

    const state = await designer.graph.invoke(
      { messages: [{ role: "user", content: "30 rows" }] },
      { ...config, ...AUTO },
    );
    expect(state.job).toMatchObject({ status: "completed", progress: { rows: 30 } });
    expect(state.summary?.columns).toContain("icd_code");
  });
});

describe("a job that fails", () => {
  it("is told with its reason", async () => {
    const failing = recordTools(opened.connect(), {
      after: (name, outcome) => {
        if (name !== "get_job_status") return outcome;
        const job = { ...(outcome.structured?.["job"] as object), status: "error", error: { message: "disk full" } };
        return { isError: false, text: JSON.stringify({ job }), structured: { job } };
      },
    });
    const designer = await startDesigner({ tools: failing, threadId: "failed" });
    const { state, text } = await designer.ask(BRIEF, { context: { approvals: "auto" } });
    await failing.close();
    expect(state.job).toMatchObject({ status: "error", error: "disk full" });
    expect(text).toMatch(/failed: disk full/);
    expect(state.summary?.notes).toEqual([expect.stringMatching(/create_job failed: job job-.* failed: disk full/)]);
  });

  it("is left to itself when its state cannot be read", async () => {
    const silent = recordTools(opened.connect(), {
      after: (name, outcome) => (name === "get_job_status" ? { isError: true, text: "no answer" } : outcome),
    });
    const designer = await startDesigner({ tools: silent, threadId: "silent" });
    const { text } = await designer.ask(BRIEF, { context: { approvals: "auto" } });
    await silent.close();
    expect(text).toContain("Ask for its status at any time");
  });
});

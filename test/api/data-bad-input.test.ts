import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";
import { SDKS } from "./clients.ts";
import { DESIGN_CASES, REQUEST_CASES, SEED_CASES, SQL_CASES, design } from "./data-bad-input-cases.ts";

const home = mkdtempSync(path.join(tmpdir(), "nemops-bad-data-"));
const seeds = path.join(home, "seeds");
let service: OpenService;
let url: string;

beforeAll(async () => {
  mkdirSync(seeds);
  writeFileSync(path.join(seeds, "empty.csv"), "");
  writeFileSync(path.join(seeds, "ragged.csv"), "a,b\n1,2\n3\n");
  writeFileSync(path.join(seeds, "three.csv"), "a\n1\n2\n3\n");
  writeFileSync(path.join(seeds, "large.csv"), "");
  // A file with a hole: two gigabytes that take no room on the disk.
  truncateSync(path.join(seeds, "large.csv"), 2 * 1_024 ** 3);
  writeFileSync(path.join(home, "outside.csv"), "a\n1\n");
  symlinkSync(path.join(home, "outside.csv"), path.join(seeds, "link.csv"));
  service = await openService({
    config: loadConfig({
      NEMOPS_HOME: home,
      LLM_PROVIDER: "offline",
      EMBEDDINGS_PROVIDER: "none",
      DATA_SQL_TIMEOUT_MS: "1000",
    }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on TCP has an address object.
  url = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function post(path: string, payload: object): Promise<Answer> {
  const { statusCode, body } = await service.app.inject({ method: "POST", url: path, payload });
  return { status: statusCode, text: body };
}

/** How many jobs there are: a refused request must not leave one. */
async function countJobs(): Promise<number> {
  return (await service.app.inject("/api/v1/datasets?limit=1")).json<{ total: number }>().total;
}

/** The message of an answer, however its API writes it. */
function messageOf({ text }: Answer): string {
  const { detail } = JSON.parse(text) as { detail: string | { msg: string }[] };
  return typeof detail === "string" ? detail : detail.map(({ msg }) => msg).join("; ");
}

/** Every way to make something of a config over HTTP, with the same rows. */
const WAYS: readonly [way: string, path: string, body: (config: unknown, rows: number) => object][] = [
  ["a preview", "/api/v1/datasets/preview", (config, rows) => ({ config, num_records: rows })],
  ["a dataset", "/api/v1/datasets", (config, rows) => ({ config, num_records: rows })],
  ["a preview of the NeMo API", "/v1/data-designer/preview", (config, rows) => ({ config, num_records: rows })],
  ["a job of the NeMo API", "/v1/data-designer/jobs", (config, rows) => ({ spec: { config, num_records: rows } })],
];

describe.each(WAYS)("%s", (_way, path, body) => {
  it.each([...DESIGN_CASES, ...SEED_CASES])("of $what is refused with what is wrong", async ({ config, says }) => {
    const before = await countJobs();
    const answer = await post(path, body(config, 3));
    expect([422, 403, 413, 404]).toContain(answer.status);
    expect(messageOf(answer)).toMatch(says);
    // What was sent does not come back at its length.
    expect(answer.text.length).toBeLessThan(40_000);
    expect(await countJobs()).toBe(before);
  });

  it.each([0, -1, 1.5, 1e9, 1e300])("of %d rows is refused with the right numbers", async (rows) => {
    const before = await countJobs();
    const answer = await post(path, body(design(), rows));
    expect([answer.status, messageOf(answer)]).toEqual([422, expect.stringMatching(/1 to \d+|>=1|<=\d+|expected int/)]);
    expect(answer.text).toContain("num_records");
    expect(await countJobs()).toBe(before);
  });
});

describe("a template that goes wrong when it is rendered", () => {
  it.each(REQUEST_CASES)("$what ends a preview and a job with the reason", async ({ expr, says }) => {
    const config = design({ column_type: "expression", name: "bad", expr });
    const preview = await post("/api/v1/datasets/preview", { config, num_records: 3 });
    expect([preview.status, messageOf(preview)]).toEqual([422, expect.stringMatching(says)]);
    const { id } = JSON.parse((await post("/api/v1/datasets", { config, num_records: 3 })).text) as { id: string };
    await (await fetch(`${url}/api/v1/datasets/${id}/events`)).text();
    const job = (await service.app.inject(`/api/v1/datasets/${id}`)).json<{
      status: string;
      error: { message: string };
    }>();
    expect(job).toMatchObject({ status: "error", error: { message: expect.stringMatching(says) } });
    expect((await service.app.inject(`/api/v1/datasets/${id}/download`)).statusCode).toBe(404);
  });
});

describe("SQL over a dataset", () => {
  let id: string;
  beforeAll(async () => {
    id = (JSON.parse((await post("/api/v1/datasets", { config: design(), num_records: 50 })).text) as { id: string })
      .id;
    await (await fetch(`${url}/api/v1/datasets/${id}/events`)).text();
  });

  it.each(SQL_CASES)("refuses $what", async ({ sql, status, says }) => {
    const answer = await post(`/api/v1/datasets/${id}/sql`, { sql });
    expect([status].flat()).toContain(answer.status);
    expect(messageOf(answer)).toMatch(says);
    expect(answer.text).not.toMatch(/root:|127\.0\.0\.1\s+localhost/);
    // The next one is answered, and nothing was written.
    const next = await post(`/api/v1/datasets/${id}/sql`, { sql: "SELECT count(*) AS n FROM dataset" });
    expect(next.text).toContain('"n":50');
    expect(readdirSync(home)).not.toContain("stolen");
  });
});

describe("two clients that approve the same interrupt at the same time", () => {
  it.each(SDKS)("make one job ($name)", async ({ connect }) => {
    const before = await countJobs();
    const clients = [connect(url), connect(url)] as const;
    const { thread_id: thread } = await clients[0].threads.create();
    const brief = "40 orders with price between 1 and 9 and a ship date after the order date";
    const asked = await clients[0].runs.wait(thread, "data_designer", {
      input: { messages: [{ role: "user", content: brief }] },
    });
    expect(asked).toHaveProperty("__interrupt__");
    expect(await countJobs()).toBe(before);
    const command = { resume: { decisions: [{ type: "approve" }] } };
    const answers = await Promise.allSettled(
      clients.map((client) => client.runs.wait(thread, "data_designer", { command })),
    );
    const made = answers.filter(({ status }) => status === "fulfilled");
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [String(answer.reason)] : []));
    expect(made.length).toBeGreaterThanOrEqual(1);
    for (const reason of refused) expect(reason).toMatch(/422|409/);
    expect(await countJobs()).toBe(before + 1);
    const { values } = await clients[1].threads.getState<{ job: { status: string } }>(thread);
    expect(values.job).toMatchObject({ status: "completed" });
    const late = clients[1].runs.wait(thread, "data_designer", { command });
    await expect(late).rejects.toThrow(/422/);
    expect(await countJobs()).toBe(before + 1);
  });
});

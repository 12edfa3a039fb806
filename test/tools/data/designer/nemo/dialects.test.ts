import { readFileSync } from "node:fs";

import { afterEach, describe, expect, it } from "vitest";

import { fingerprint } from "../../../../../engine/data/design/fingerprint.ts";
import { parseDesign } from "../../../../../engine/data/design/parse-design.ts";
import { CONFIG, collect, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type NemoFixture, openNemo } from "../../../../support/nemo-service-designer.ts";
import type { NemoServiceOptions } from "../../../../support/nemo-service.ts";

let fixture: NemoFixture | undefined;
const start = async (options: Parameters<typeof openNemo>[0]): Promise<NemoFixture> =>
  (fixture = await openNemo(options));
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

/** Without rounding, which the oldest API does not have. */
const PLAIN = {
  columns: CONFIG.columns.map((column) =>
    column.name === "amount" ? { ...column, params: { sampler_type: "uniform", low: 5, high: 50 } } : column,
  ),
};
const SERVICES: readonly (readonly [title: string, options: NemoServiceOptions, jobs: string])[] = [
  ["v1 (1.5)", { hasSettings: true }, "/v1/data-designer/jobs"],
  ["v1 (1.4)", {}, "/v1/data-designer/jobs"],
  ["v2, workspace lab", { dialect: "v2", workspace: "lab" }, "/apis/data-designer/v2/workspaces/lab/jobs/create"],
  ["v2, workspace lab", { dialect: "v2-plain", workspace: "lab" }, "/apis/data-designer/v2/workspaces/lab/jobs"],
  ["v1beta1", { dialect: "v1beta1" }, "/v1beta1/data-designer/jobs"],
];

describe.each(SERVICES)("a service that speaks %s %o", (title, options, jobs) => {
  it("is recognised, and makes a preview, a job and its dataset", async () => {
    const { designer, service } = await start({ isAutomatic: true, ...options, client: { workspace: "lab" } });
    const messages = await collect(designer.preview({ config: PLAIN, numRecords: 3 }));
    expect(designer.describe()).toContain(`API ${title}`);
    expect(messages.find((message) => message.kind === "dataset")?.records).toHaveLength(3);
    expect(messages.filter((message) => message.kind === "log" && message.level !== "info")).toEqual([]);

    const created = await designer.createJob({ config: PLAIN, numRecords: 25, name: "mine" });
    expect(created).toMatchObject({ name: "mine", numRecords: 25, seed: null });
    const sentTo = service.requests.filter(({ method, path }) => method === "POST" && !path.endsWith("/preview"));
    expect(sentTo.map(({ path }) => path)).toEqual([jobs]);
    const job = await waitUntilEnded(designer, created.id);
    expect(job.status).toBe("completed");
    expect(fingerprint(parseDesign(job.config).design!)).toEqual(fingerprint(parseDesign(PLAIN).design!));
    expect((await designer.list({ page: 1, pageSize: 5, sort: "-created_at" })).jobs.map(({ id }) => id)).toEqual([
      job.id,
    ]);
    expect((await designer.results(job.id)).map(({ name }) => name)).toContain("dataset");
    const folder = await designer.datasetFolder(job.id);
    const metadata = JSON.parse(readFileSync(`${folder}/metadata.json`, "utf8")) as { actual_num_records: number };
    expect(metadata.actual_num_records).toBe(25);
    expect((await designer.logs(job.id, { limit: 10 })).lines[0]?.message).toBe("job was made");
  });

  it("is asked once what it speaks", async () => {
    const { designer, service } = await start({ ...options, client: { workspace: "lab" } });
    await designer.list({ page: 1, pageSize: 5, sort: "created_at" });
    const first = service.requests.length;
    await designer.list({ page: 1, pageSize: 5, sort: "created_at" });
    expect(service.requests.length).toBe(first + 1);
  });
});

describe("finding out what a service speaks", () => {
  it("begins anew after the service could not be reached", async () => {
    const { designer, service } = await start({ hasSettings: true });
    const query = { page: 1, pageSize: 5, sort: "created_at" } as const;
    await designer.list(query);
    service.fault({ on: "GET /v1/data-designer/jobs", how: { kind: "tear" } });
    await designer.list(query);
    await designer.list(query);
    const settings = service.requests.filter(({ path }) => path.endsWith("/settings"));
    expect(settings).toHaveLength(2);
  });

  it("tells that a hosted service makes previews only", async () => {
    const { designer } = await start({ dialect: "preview-only" });
    const messages = await collect(designer.preview({ config: PLAIN, numRecords: 2 }));
    expect(messages.some((message) => message.kind === "dataset")).toBe(true);
    const job = designer.createJob({ config: PLAIN, numRecords: 2 });
    await expect(job).rejects.toMatchObject({
      code: "not_supported",
      message: expect.stringContaining("previews only"),
    });
    await expect(designer.job("x")).rejects.toMatchObject({ code: "not_supported" });
  });

  it("passes on that the key is refused, and asks again the next time", async () => {
    const { designer, service } = await start({ hasSettings: true });
    service.fault({ on: "GET", how: { kind: "status", status: 401 } });
    const query = { page: 1, pageSize: 5, sort: "created_at" } as const;
    const refused = designer.list(query);
    await expect(refused).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("NEMO_API_KEY"),
    });
    expect((await designer.list(query)).total).toBe(0);
  });

  it("takes the operator's word for it", async () => {
    const { designer, service } = await start({ dialect: "v1beta1", client: { dialect: "v1beta1" } });
    await designer.list({ page: 1, pageSize: 5, sort: "created_at" });
    expect(service.requests.map(({ path }) => path)).toEqual(["/v1beta1/data-designer/jobs"]);
  });
});

describe("discriminators", () => {
  it.each([
    ["forbidden", 2],
    ["required", 1],
    ["allowed", 1],
  ] as const)("that are %s are sent the right way, and remembered", async (discriminators, tries) => {
    const { designer, service } = await start({ discriminators });
    const design = JSON.parse(readFileSync("seeds/designs/minimal.json", "utf8")) as unknown;
    const sent = () => service.requests.filter(({ method }) => method === "POST").length;
    await designer.createJob({ config: design, numRecords: 2 });
    expect(sent()).toBe(tries);
    const job = await designer.createJob({ config: design, numRecords: 2 });
    expect(sent()).toBe(tries + 1);
    expect(fingerprint(parseDesign(job.config).design!)).toEqual(fingerprint(parseDesign(design).design!));
    expect(job.textModel).toBe("gpt-x");
  });

  it("leaves the design of the documentation as the published API writes it", async () => {
    const { designer, service } = await start({ discriminators: "forbidden" });
    const design = JSON.parse(readFileSync("seeds/designs/minimal.json", "utf8")) as unknown;
    await designer.createJob({ config: design, numRecords: 2, name: "n", project: "p" });
    expect(service.jobs[0]?.body).toEqual({
      name: "n",
      project: "p",
      custom_fields: { nemops_idempotency_key: expect.any(String) },
      spec: {
        num_records: 2,
        config: {
          columns: [
            {
              name: "topic",
              drop: false,
              sampler_type: "category",
              params: { values: ["a", "b"], weights: [2, 1] },
              conditional_params: {},
            },
            { name: "lo", drop: false, sampler_type: "uniform", params: { low: 0, high: 10 }, conditional_params: {} },
            {
              name: "hi",
              drop: false,
              sampler_type: "gaussian",
              params: { mean: 8, stddev: 4, decimal_places: 2 },
              conditional_params: {},
            },
            { name: "label", drop: false, expr: "{{ topic | upper }}-{{ hi }}", dtype: "str" },
            { name: "q", drop: false, prompt: "Ask about {{ topic }}", model_alias: "m" },
          ],
          constraints: [{ target_column: "hi", operator: "gt", rhs: "lo" }],
          model_configs: [
            {
              alias: "m",
              model: "gpt-x",
              provider: "litellm",
              inference_parameters: { max_parallel_requests: 4, temperature: 0.7 },
            },
          ],
        },
      },
    });
  });

  it("are not blamed for another mistake", async () => {
    const { designer, service } = await start({});
    const detail = [{ loc: ["body", "spec", "num_records"], msg: "Input should be less than 100", type: "less_than" }];
    service.fault({ on: "POST", how: { kind: "status", status: 422, body: JSON.stringify({ detail }) } });
    await expect(designer.createJob({ config: PLAIN, numRecords: 2_000 })).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("body.spec.num_records: Input should be less than 100"),
      problems: [{ field: "body.spec.num_records", message: "Input should be less than 100" }],
    });
    expect(service.jobs).toEqual([]);
  });
});

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";

import { afterEach, describe, expect, it } from "vitest";

import { tableRows } from "../../../../../engine/data/table-rows.ts";
import { readMetadata } from "../../../../../tools/data/dataset-job/metadata.ts";
import type { DesignJob } from "../../../../../tools/data/designer/designer.ts";
import { decodeParquet } from "../../../../../tools/data/writers/parquet.ts";
import { CONFIG, collect, waitUntilEnded } from "../../../../contracts/data-designer.ts";
import { type ArchiveFile, makeTar, parquetFiles } from "../../../../support/nemo-service-data.ts";
import { type NemoFixture, openNemo } from "../../../../support/nemo-service-designer.ts";

let fixture: NemoFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

type Started = NemoFixture & { readonly job: DesignJob };
async function start(options: Parameters<typeof openNemo>[0] = {}, rows = 25): Promise<Started> {
  fixture = await openNemo({ hasSettings: true, isAutomatic: true, ...options });
  const { designer } = fixture;
  const created = await designer.createJob({ config: CONFIG, numRecords: rows, name: "sales" });
  return { ...fixture, job: await waitUntilEnded(designer, created.id) };
}

const DOWNLOAD = "GET /v1/data-designer/jobs/job-1/results/dataset/download";

function rowsOf(folder: string): unknown[] {
  const files = readdirSync(path.join(folder, "parquet-files")).toSorted();
  return files.flatMap((file) => tableRows(decodeParquet(readFileSync(path.join(folder, "parquet-files", file)))));
}

/** What the service sends as the dataset, once. */
function send({ service }: NemoFixture, content: Uint8Array | string, isStalled = false): void {
  service.fault({ on: DOWNLOAD, how: { kind: "body", text: content, isStalled } });
}

describe("the folder of a dataset that a service made", () => {
  it.each(["tar.gz", "tar", "jsonl", "parquet"] as const)("is laid out as our own from %s", async (datasetFormat) => {
    const { designer, job, home } = await start({ datasetFormat });
    const folder = await designer.datasetFolder(job.id);
    expect(folder).toBe(path.join(home, "datasets-remote", "job-1"));
    const metadata = await readMetadata(folder);
    expect(metadata).toMatchObject({
      dataset_name: "sales",
      target_num_records: 25,
      actual_num_records: 25,
      post_generation_state: "completed",
      config_hash: expect.stringMatching(/^sha256:/),
      text_model: null,
    });
    const counts = datasetFormat.startsWith("tar") ? [10, 10, 5] : [25];
    expect(metadata?.row_groups.map(({ num_records }) => num_records)).toEqual(counts);
    expect(metadata?.row_groups.at(-1)?.first_row).toBe(25 - (counts.at(-1) ?? 0));
    expect(metadata?.file_paths["parquet-files"]).toEqual(
      counts.map((_, at) => `parquet-files/batch_0000${at}.parquet`),
    );
    const rows = rowsOf(folder);
    expect(rows).toHaveLength(25);
    expect(rows[1]).toMatchObject({ city: "Bergen", label: "BERGEN", amount: 5.01 });
    expect(readdirSync(path.join(home, "datasets-remote"))).toEqual(["job-1"]);
  });

  it("has a profile made of the rows, and the one of the service beside it", async () => {
    const { designer, job } = await start();
    const folder = await designer.datasetFolder(job.id);
    const read = (name: string): { column_statistics: { num_unique: unknown }[] } =>
      JSON.parse(readFileSync(path.join(folder, name), "utf8")) as { column_statistics: { num_unique: unknown }[] };
    expect(read("analysis.json").column_statistics.map(({ num_unique }) => num_unique)).toEqual([25, 2, 25, 2]);
    expect(read("service-analysis.json").column_statistics[0]?.num_unique).toBe("--");
  });

  it("takes zstd, and rows packed without an archive", async () => {
    const started = await start();
    const text = '{"a":1}\n{"a":2}\n';
    send(started, zstdCompressSync(await makeTar(parquetFiles("dataset", [{ a: 1 }, { a: 2 }], 5))));
    expect(rowsOf(await started.designer.datasetFolder("job-1"))).toEqual([{ a: 1 }, { a: 2 }]);
    for (const content of [gzipSync(text), '[{"a":1},{"a":2}]', "a\n1\n2\n"]) {
      send(started, content);
      const client = started.open({ home: `${started.home}/${Math.floor(content.length)}` });
      expect(rowsOf(await client.datasetFolder("job-1"))).toEqual([{ a: 1 }, { a: 2 }]);
    }
  });

  it("keeps dropped columns and outputs of processors apart, and unfinished files out", async () => {
    const started = await start();
    const rows = [{ a: 1 }];
    const parts = [
      "parquet-files",
      "dropped-columns-parquet-files",
      "processors-files/view",
      "tmp-partial-parquet-files",
    ];
    const files = parts.flatMap((part) => parquetFiles(`artifacts/dataset/${part}`, rows, 5));
    send(started, await makeTar([...files, { name: "artifacts/dataset/builder_config.json", content: '{"x":1}' }]));
    const folder = await started.designer.datasetFolder("job-1");
    const metadata = await readMetadata(folder);
    expect(metadata?.actual_num_records).toBe(1);
    expect(metadata?.preserve_dropped_columns).toBe(true);
    expect(metadata?.file_paths["processor-files"]).toEqual({ view: ["processors-files/view/batch_00000.parquet"] });
    expect(readFileSync(path.join(folder, "builder_config.json"), "utf8")).toBe('{"x":1}');
    expect(existsSync(path.join(folder, "tmp-partial-parquet-files"))).toBe(false);
  });

  it("is fetched once for all who ask, and kept", async () => {
    const { designer, service, open, job } = await start();
    const fetched = () => service.requests.filter(({ path: asked }) => asked.endsWith("dataset/download")).length;
    await Promise.all([designer.datasetFolder(job.id), designer.datasetFolder(job.id)]);
    await designer.datasetFolder(job.id);
    await open().datasetFolder(job.id);
    expect(fetched()).toBe(1);
    writeFileSync(path.join(await designer.datasetFolder(job.id), "origin.json"), "{");
    await designer.datasetFolder(job.id);
    expect(fetched()).toBe(2);
  });

  it("is not taken from another service, nor kept while the job still works", async () => {
    const { designer, service, job, home, open } = await start();
    const folder = await designer.datasetFolder(job.id);
    const origin = path.join(folder, "origin.json");
    writeFileSync(origin, readFileSync(origin, "utf8").replace(service.baseUrl, "http://other"));
    service.fault({ on: DOWNLOAD, how: { kind: "body", text: '{"a":1}\n' } });
    expect(rowsOf(await open().datasetFolder(job.id))).toEqual([{ a: 1 }]);

    const working = service.jobs[0];
    if (working !== undefined) service.change(working, { status: "active" });
    const partial = await openNemo({ hasSettings: true });
    try {
      const { id } = await partial.designer.createJob({ config: CONFIG, numRecords: 3 });
      for (const text of ['{"a":1}\n', '{"a":1}\n{"a":2}\n']) {
        partial.service.fault({ on: DOWNLOAD, how: { kind: "body", text } });
        expect(rowsOf(await partial.designer.datasetFolder(id))).toHaveLength(text.split("\n").length - 1);
      }
    } finally {
      await partial.close();
    }
    expect(existsSync(home)).toBe(true);
  });

  it("stays within its place whatever the job is called", async () => {
    fixture = await openNemo({ dialect: "v2", isAutomatic: true });
    const { designer, home } = fixture;
    const { id } = await designer.createJob({ config: CONFIG, numRecords: 3, name: "../../Evil" });
    await waitUntilEnded(designer, id);
    const folder = await designer.datasetFolder(id);
    expect(path.dirname(folder)).toBe(path.join(home, "datasets-remote"));
    expect(path.basename(folder)).toMatch(/^job-[0-9a-f]{40}$/);
  });
});

describe("a dataset that is not safe or not whole", () => {
  const parquet = parquetFiles("dataset", [{ a: 1 }], 5);
  const archive = (file: ArchiveFile): Promise<Buffer> => makeTar([...parquet, file], { isGzip: true });
  const cases: readonly (readonly [title: string, content: () => Promise<Buffer> | Buffer, said: string])[] = [
    ["a path that leads out", () => archive({ name: "dataset/../../x.parquet" }), "leads outside"],
    ["an absolute path", () => archive({ name: "/etc/x.parquet" }), "leads outside"],
    ["a path of Windows", () => archive({ name: "C:\\x.parquet" }), "leads outside"],
    ["a link", () => archive({ name: "dataset/x", type: "symlink", linkname: "/etc/passwd" }), "symlink"],
    ["no rows", () => makeTar([{ name: "readme.txt", content: "hello" }]), "no Parquet, JSON or CSV"],
    ["a Parquet file that is none", () => makeTar([{ name: "dataset/x.parquet", content: "PAR1 nothing" }]), "Parquet"],
    ["a zip file", () => Buffer.from("PK\u0003\u0004\u0000\u0000"), "no archive"],
    ["a page of HTML", () => Buffer.from("<html>sign in</html>"), "no archive"],
    ["nothing", () => Buffer.alloc(0), "no archive"],
    ["ragged CSV", () => Buffer.from("a,b\n1\n"), "line 2"],
    ["broken gzip", () => Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(600, 7)]), "decompressed"],
    ["half a gzip", async () => (await makeTar(parquet, { isGzip: true })).subarray(0, 120), "cannot be"],
    ["half an archive", async () => (await makeTar(parquet)).subarray(0, 700), "cannot be read"],
  ];

  it.each(cases)("is refused: %s", async (_, content, said) => {
    const started = await start({}, 3);
    send(started, await content());
    const failure = started.designer.datasetFolder("job-1");
    await expect(failure).rejects.toMatchObject({ code: "unreadable_input", message: expect.stringContaining(said) });
    expect(readdirSync(path.join(started.home, "datasets-remote"))).toEqual([]);
    expect(rowsOf(await started.designer.datasetFolder("job-1"))).toHaveLength(3);
  });

  it.each([
    [{ maxBytes: 1_000, maxEntries: 10 }, "1000 bytes"],
    [{ maxBytes: 1_000_000, maxEntries: 2 }, "2 entries"],
  ])("is refused beyond the limits %o", async (archiveLimits, said) => {
    const { designer, job, home } = await start({ client: { archiveLimits } });
    const failure = designer.datasetFolder(job.id);
    await expect(failure).rejects.toMatchObject({ code: "payload_too_large", message: expect.stringContaining(said) });
    expect(readdirSync(path.join(home, "datasets-remote"))).toEqual([]);
  });

  it("leaves nothing when the caller goes away", async () => {
    const started = await start();
    send(started, (await makeTar(parquet)).subarray(0, 600), true);
    const controller = new AbortController();
    const fetching = started.designer.datasetFolder("job-1", controller.signal);
    const root = path.join(started.home, "datasets-remote");
    await expect.poll(() => existsSync(root), { interval: 5 }).toBe(true);
    controller.abort(new Error("gone"));
    await expect(fetching).rejects.toThrow("gone");
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("two callers who want the same dataset", () => {
  it("do not depend on each other", async () => {
    const started = await start();
    send(started, (await makeTar(parquetFiles("dataset", [{ a: 1 }], 5))).subarray(0, 600), true);
    const controller = new AbortController();
    const first = started.designer.datasetFolder("job-1", controller.signal);
    const root = path.join(started.home, "datasets-remote");
    await expect.poll(() => existsSync(root), { interval: 5 }).toBe(true);
    const second = started.designer.datasetFolder("job-1", new AbortController().signal);
    const third = started.designer.datasetFolder("job-1", AbortSignal.abort(new Error("third left")));
    await expect(third).rejects.toThrow("third left");
    controller.abort(new Error("first left"));
    await expect(first).rejects.toThrow("first left");
    expect(rowsOf(await second)).toHaveLength(25);
  });
});

describe("downloads", () => {
  it.each([
    ["tar.gz", "job-1-dataset.tar.gz", "application/gzip"],
    ["tar", "job-1-dataset.tar", "application/x-tar"],
    ["jsonl", "job-1-dataset.jsonl", "application/x-ndjson"],
    ["parquet", "job-1-dataset.parquet", "application/vnd.apache.parquet"],
  ] as const)("name %s by what it is", async (datasetFormat, fileName, contentType) => {
    const { designer, job } = await start({ datasetFormat });
    const download = await designer.download(job.id, "dataset");
    expect(download).toMatchObject({ fileName, contentType });
    expect(Buffer.concat(await collect(download.body)).length).toBeGreaterThan(25);
    expect((await designer.download(job.id, "analysis")).fileName).toBe("job-1-analysis.json");
  });

  it("of a job that has none yet are not found", async () => {
    fixture = await openNemo({ hasSettings: true });
    const { designer } = fixture;
    const { id } = await designer.createJob({ config: CONFIG, numRecords: 3 });
    expect(await designer.results(id)).toEqual([]);
    await expect(designer.download(id, "dataset")).rejects.toMatchObject({ code: "not_found" });
    await expect(designer.datasetFolder(id)).rejects.toMatchObject({ code: "not_found" });
  });
});

import { afterEach, describe, expect, it } from "vitest";

import { Secret } from "../../../../../lib/secret.ts";
import { CONFIG, collect } from "../../../../contracts/data-designer.ts";
import { type NemoFixture, openNemo } from "../../../../support/nemo-service-designer.ts";

let fixture: NemoFixture | undefined;
const start = async (options: Parameters<typeof openNemo>[0] = {}): Promise<NemoFixture> =>
  (fixture = await openNemo({ hasSettings: true, ...options }));
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

const JOBS = "/v1/data-designer/jobs";
const LIST = { page: 1, pageSize: 5, sort: "-created_at" } as const;

describe("requests to a NeMo service", () => {
  it("carry the key, which no log, message or description shows", async () => {
    const { designer, service, logged } = await start({ client: { apiKey: new Secret("nvapi-hidden") } });
    service.fault({ on: `GET ${JOBS}`, how: { kind: "status", status: 503 } });
    service.fault({ on: `GET ${JOBS}/x`, how: { kind: "status", status: 403, body: '{"detail":"no"}' } });
    await designer.list(LIST);
    const failure = await designer.job("x").catch((error: unknown) => error);
    expect(service.requests.every(({ authorization }) => authorization === "Bearer nvapi-hidden")).toBe(true);
    expect(`${logged.join("")}${String(failure)}${JSON.stringify(failure)}${designer.describe()}`).not.toContain(
      "nvapi-hidden",
    );
  });

  it.each([502, 503, 504, 429])("are repeated after %i, with growing waits and a bound", async (status) => {
    const { designer, service, sleeps } = await start();
    service.fault({ on: `GET ${JOBS}`, times: 3, how: { kind: "status", status } });
    expect((await designer.list(LIST)).total).toBe(0);
    expect(sleeps).toHaveLength(3);
    expect(sleeps.every((ms, at) => ms >= 800 * 2 ** at && ms <= 1_200 * 2 ** at)).toBe(true);
    service.fault({ on: `GET ${JOBS}`, times: 4, how: { kind: "status", status } });
    await expect(designer.list(LIST)).rejects.toMatchObject({ status });
    expect(sleeps).toHaveLength(6);
  });

  it("wait as long as the service asks", async () => {
    const { designer, service, sleeps } = await start();
    service.fault({ on: `GET ${JOBS}`, how: { kind: "status", status: 429, headers: { "retry-after": "7" } } });
    const date = new Date(Date.UTC(2026, 0, 2) + 20_000).toUTCString();
    service.fault({ on: `GET ${JOBS}`, how: { kind: "status", status: 503, headers: { "retry-after": date } } });
    await designer.list(LIST);
    expect(sleeps).toEqual([7_000, 13_000]);
  });

  it("are repeated when the connection tears, and end when the service is silent", async () => {
    const { designer, service } = await start({ client: { requestTimeoutMs: 60 } });
    service.fault({ on: `GET ${JOBS}`, times: 2, how: { kind: "tear" } });
    expect((await designer.list(LIST)).total).toBe(0);
    service.fault({ on: "GET", times: 4, how: { kind: "hang" } });
    await expect(designer.list(LIST)).rejects.toMatchObject({ code: "timed_out" });
  });

  it("tell that nobody is there", async () => {
    const { designer, service } = await start();
    const { host } = new URL(service.baseUrl);
    await service.close();
    fixture = undefined;
    await expect(designer.list(LIST)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`cannot reach the NeMo service at ${host}: `),
    });
  });

  it("do not follow a redirect, for the key would go with it", async () => {
    const { designer, service } = await start();
    service.fault({
      on: `GET ${JOBS}`,
      how: { kind: "status", status: 302, headers: { location: "http://example.com/" } },
    });
    await expect(designer.list(LIST)).rejects.toMatchObject({
      message: expect.stringContaining("redirects elsewhere"),
    });
  });

  it.each([
    ["a page of HTML", "<html>gateway</html>", "not JSON"],
    ["another shape", '{"data":[{"spec":5}]}', "another shape"],
    ["nothing", "", "another shape"],
  ])("do not take %s for an answer", async (_, text, said) => {
    const { designer, service } = await start();
    service.fault({ on: `GET ${JOBS}`, how: { kind: "body", text } });
    await expect(designer.list(LIST)).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(said),
    });
  });

  it("keep ids within their place of the path", async () => {
    const { designer, service } = await start();
    await expect(designer.job("../settings?x=1")).rejects.toMatchObject({ code: "not_found" });
    expect(service.requests.at(-1)?.path).toBe(`${JOBS}/..%2Fsettings%3Fx%3D1`);
  });

  it("refuse an address with a password in it", async () => {
    const { open, service } = await start();
    const baseUrl = service.baseUrl.replace("http://", "http://me:secret@");
    expect(() => open({ baseUrl })).toThrow("NEMO_API_KEY");
  });
});

describe("creating a job", () => {
  const request = { config: CONFIG, numRecords: 5, name: "once" };

  it("makes one job when the answer is lost", async () => {
    const { designer, service } = await start();
    service.fault({ on: `POST ${JOBS}`, how: { kind: "tear_after" } });
    const job = await designer.createJob(request);
    expect(service.jobs.map(({ id }) => id)).toEqual([job.id]);
    expect(job.customFields).toBeNull();
  });

  it("sends it again when it did not arrive", async () => {
    const { designer, service } = await start();
    service.fault({ on: `POST ${JOBS}`, how: { kind: "tear" } });
    service.fault({ on: `POST ${JOBS}`, how: { kind: "status", status: 504 } });
    await designer.createJob({ ...request, customFields: { team: "a" } });
    expect(service.jobs).toHaveLength(1);
    expect(service.jobs[0]?.body["custom_fields"]).toMatchObject({ team: "a" });
  });

  it("answers the job of the first request with the same key, also in another process", async () => {
    const { designer, open, service } = await start();
    const keyed = { ...request, idempotencyKey: "thread-1/call-1" };
    const [one, two] = await Promise.all([designer.createJob(keyed), designer.createJob(keyed)]);
    const three = await open().createJob(keyed);
    expect([two.id, three.id]).toEqual([one.id, one.id]);
    expect(service.jobs).toHaveLength(1);
    const other = await designer.createJob({ ...request, idempotencyKey: "thread-1/call-2" });
    expect(other.id).not.toBe(one.id);
  });

  it("may be tried again with the same key after a failure", async () => {
    const { designer, service } = await start();
    const keyed = { ...request, idempotencyKey: "k" };
    service.fault({ on: `POST ${JOBS}`, how: { kind: "status", status: 400, body: '{"detail":"quota"}' } });
    await expect(designer.createJob(keyed)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("quota"),
    });
    await designer.createJob(keyed);
    expect(service.jobs).toHaveLength(1);
  });

  it("tells when it is not known whether the oldest API took it", async () => {
    const { designer, service } = await start({ dialect: "v1beta1" });
    const config = { columns: CONFIG.columns.slice(0, 2) };
    service.fault({ on: "POST /v1beta1", how: { kind: "tear_after" } });
    const failure = designer.createJob({ config, numRecords: 5 });
    await expect(failure).rejects.toMatchObject({
      message: expect.stringContaining("whether the job was created is not known"),
    });
    expect(service.jobs).toHaveLength(1);
  });

  it("gives up after a few tries", async () => {
    const { designer, service } = await start();
    service.fault({ on: `POST ${JOBS}`, times: 9, how: { kind: "status", status: 503 } });
    await expect(designer.createJob(request)).rejects.toMatchObject({ code: "unavailable" });
    expect(service.requests.filter(({ method }) => method === "POST")).toHaveLength(4);
  });
});

describe("settings of a service", () => {
  it("are its models and providers, or nothing where it does not tell", async () => {
    const { designer } = await start();
    expect(await designer.settings()).toMatchObject({
      modelConfigs: [{ alias: "nvidia-text", model: "nvidia/nemotron", provider: "nvidiabuild" }],
      modelProviders: [{ name: "nvidiabuild", endpoint: "" }],
    });
    await fixture?.close();
    const { designer: old } = await start({ hasSettings: false });
    expect(await old.settings()).toMatchObject({ modelConfigs: [], modelProviders: [] });
    expect(await collect(old.preview({ config: CONFIG, numRecords: 1 }))).not.toEqual([]);
  });
});

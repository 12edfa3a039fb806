import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { createConfig, lintFromString } from "@redocly/openapi-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { readLanggraphConfig } from "../../server/graph-registry.ts";
import { OWN_LANGGRAPH_JSON, type OpenService, openService } from "../../server/open-service.ts";
import { startTestApp } from "../support/test-app.ts";

interface Media {
  example?: unknown;
  examples?: Record<string, { summary: string; value: unknown }>;
}
interface Operation {
  operationId: string;
  tags: string[];
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; description?: string }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { $ref?: string; content?: Record<string, Media> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes?: object };
}

let service: OpenService;
let home: string;
let document: Document;

const open = async (folder: string): Promise<OpenService> =>
  openService({
    config: loadConfig({ NEMOPS_HOME: folder, LLM_PROVIDER: "offline", EMBEDDINGS_PROVIDER: "none", SIM_NODES: "1" }),
    langgraph: await readLanggraphConfig(OWN_LANGGRAPH_JSON),
    log: createLog({ level: "silent" }),
    clock: systemClock,
  });

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), "nemops-openapi-"));
  service = await open(home);
  document = (await service.app.inject("/openapi.json")).json<Document>();
});
afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true, force: true });
});

async function lint(checked: Document): Promise<string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // The LangGraph API has `/runs/crons/{cron_id}` beside `/runs/{run_id}/stream`; the router tells them apart.
      "no-ambiguous-paths": "off",
      // Probes fail in no such way.
      "operation-4xx-response": "off",
      "operation-operationId-unique": "error",
      "no-unused-components": "error",
      "operation-singular-tag": "error",
      "tag-description": "error",
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(checked), absoluteRef: "/openapi.json", config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer ?? ""} ${message}`);
}

const operations = (): [name: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${route}`,
      operation,
    ]),
  );

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1 whose examples are what their schemas say", async () => {
    expect(await lint(document)).toEqual([]);
  });

  it("is the same for a second service of the process", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "nemops-openapi-"));
    const second = await open(folder);
    expect((await second.app.inject("/openapi.json")).json()).toEqual(document);
    await second.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is found wrong when an example does not fit", async () => {
    const wrong = structuredClone(document);
    const media = wrong.paths["/threads"]?.["post"]?.requestBody?.content["application/json"];
    Object.assign(media ?? {}, { example: { thread_id: 7 } });
    expect((await lint(wrong)).join()).toContain("no-invalid-media-type-examples");
  });

  it("names every operation by a verb, and every schema", () => {
    for (const [name, { operationId }] of operations()) {
      expect(`${name} ${operationId}`).toMatch(/ [a-z]+[A-Z][A-Za-z]*$/);
    }
    for (const name of Object.keys(document.components.schemas)) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(["Assistant", "Thread", "ThreadState", "Run", "Cron", "Item", "Error"]),
    );
  });

  it("declares the parameters of each path, no others, and says what each is", () => {
    for (const [name, { parameters = [] }] of operations()) {
      const declared = parameters.filter((parameter) => parameter.in === "path").map((parameter) => parameter.name);
      expect(`${name} ${declared.join()}`).toBe(
        `${name} ${[...name.matchAll(/\{(\w+)\}/g)].map(([, one]) => one).join()}`,
      );
      for (const parameter of parameters) {
        expect(`${name} ${parameter.name} ${parameter.description ?? ""}`).toMatch(/ \S+ \S/);
      }
    }
  });

  it("gives each body and each success an example, and tells the failures", () => {
    for (const [name, { requestBody, responses, parameters = [] }] of operations()) {
      const media = [requestBody, ...Object.values(responses)].flatMap((part) => Object.values(part?.content ?? {}));
      for (const one of media) expect([name, "example" in one || "examples" in one]).toEqual([name, true]);
      expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(["default"])]);
      expect(
        Object.keys(responses).some((status) => /^[12]/.test(status)),
        name,
      ).toBe(true);
      if (requestBody !== undefined || parameters.length > 0) {
        expect(
          Object.keys(responses).filter((status) => status.startsWith("4")),
          name,
        ).not.toEqual([]);
      }
    }
  });

  it("describes streams by their media type and empty answers as empty", () => {
    const typesOf = (route: string, method: string, status: string) =>
      Object.keys(document.paths[route]?.[method]?.responses[status]?.content ?? {});
    expect(typesOf("/runs/stream", "post", "200")).toEqual(["text/event-stream"]);
    expect(typesOf("/threads/{thread_id}/stream", "get", "200")).toEqual(["text/event-stream"]);
    expect(typesOf("/v1/data-designer/preview", "post", "200")).toEqual(["application/jsonl"]);
    expect(document.paths["/threads/{thread_id}"]?.["delete"]?.responses).toHaveProperty("204");
    expect(document.paths["/threads/{thread_id}"]?.["delete"]?.responses).not.toHaveProperty("200");
  });
});

describe("security in the document", () => {
  it("is absent while nobody is asked who they are", () => {
    expect(document.components.securitySchemes).toBeUndefined();
  });

  it("is a key or a bearer, with the scope of the route, and nothing for probes", async () => {
    const server = await startTestApp({ env: { NEMOPS_API_KEY: "right" } });
    const headers = { "x-api-key": "right" };
    const guarded = (await server.app.inject({ url: "/openapi.json", headers })).json<Document>();
    await server.close();
    expect(await lint(guarded)).toEqual([]);
    const securityOf = (route: string, method: string) => guarded.paths[route]?.[method]?.security;
    expect(securityOf("/threads/{thread_id}", "delete")).toEqual([{ apiKey: ["admin"] }, { bearer: ["admin"] }]);
    expect(securityOf("/threads/search", "post")).toEqual([{ apiKey: ["read"] }, { bearer: ["read"] }]);
    expect(securityOf("/ok", "get")).toEqual([]);
    expect(guarded.paths["/threads"]?.["post"]?.responses).toMatchObject({ "401": {}, "403": {} });
  });
});

describe("answers of the service", () => {
  it("are what the document says", async () => {
    const shown = structuredClone(document);
    const call = async (
      method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
      route: string,
      fields = {},
      payload?: object,
    ) => {
      const url = route.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        String((fields as Record<string, unknown>)[name]),
      );
      const answer = await service.app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
      const response = shown.paths[route]?.[method.toLowerCase()]?.responses[answer.statusCode];
      expect(response, `${method} ${url} ${answer.statusCode} ${answer.body.slice(0, 200)}`).toBeDefined();
      if (answer.body === "" || response?.$ref !== undefined)
        return answer.body === "" ? undefined : answer.json<unknown>();
      const type = String(answer.headers["content-type"]).split(";")[0] ?? "";
      const media = response?.content?.[type];
      expect(media, `${method} ${url} ${type}`).toBeDefined();
      const body: unknown = type.endsWith("json") ? answer.json() : answer.body;
      delete media?.examples;
      // The linter then holds what was answered against the schema.
      Object.assign(media ?? {}, { example: body });
      return body;
    };
    const input = { messages: [{ role: "user", content: "is any GPU in trouble?" }] };
    // As the lint below holds them to their schemas.
    const thread = await call("POST", "/threads", {}, {});
    const { thread_id } = thread as { thread_id: string };
    await call("POST", "/threads/{thread_id}/runs/wait", { thread_id }, { assistant_id: "gpu_ops", input });
    const [run] = (await call("GET", "/threads/{thread_id}/runs", { thread_id })) as { run_id: string }[];
    await call("GET", "/threads/{thread_id}/runs/{run_id}", { thread_id, run_id: run?.run_id });
    await call("GET", "/threads/{thread_id}/runs/{run_id}/join", { thread_id, run_id: run?.run_id });
    await call("GET", "/threads/{thread_id}", { thread_id });
    await call("GET", "/threads/{thread_id}/state", { thread_id });
    await call("GET", "/threads/{thread_id}/history", { thread_id });
    await call("POST", "/threads/{thread_id}/state", { thread_id }, { values: input });
    await call("PATCH", "/threads/{thread_id}/state", { thread_id }, { metadata: { a: 1 } });
    await call("POST", "/threads/{thread_id}/history", { thread_id }, { limit: 2 });
    await call("POST", "/threads/{thread_id}/copy", { thread_id });
    await call("POST", "/threads/search", {}, {});
    await call("POST", "/threads/count", {}, {});
    await call("POST", "/threads/{thread_id}/commands", { thread_id }, { id: 1, method: "state.get", params: {} });
    await call("POST", "/runs/stream", {}, { assistant_id: "gpu_ops", input });
    await call("POST", "/assistants/search", {}, {});
    await call("GET", "/assistants/{assistant_id}", { assistant_id: "gpu_ops" });
    for (const part of ["graph", "schemas", "subgraphs"]) {
      await call("GET", `/assistants/{assistant_id}/${part}`, { assistant_id: "gpu_ops" });
    }
    await call("POST", "/assistants/{assistant_id}/versions", { assistant_id: "gpu_ops" }, {});
    const cron = await call("POST", "/runs/crons", {}, { assistant_id: "gpu_ops", schedule: "0 0 1 1 *", input });
    await call("POST", "/runs/crons/search", {}, {});
    await call("DELETE", "/runs/crons/{cron_id}", cron as object);
    await call("PUT", "/store/items", {}, { namespace: ["a"], key: "k", value: { n: 1 } });
    await call("POST", "/store/items/search", {}, {});
    await call("POST", "/store/namespaces", {}, {});
    for (const route of ["/ok", "/readyz", "/info", "/metrics", "/health"]) await call("GET", route);
    for (const route of ["nodes", "gpus", "health", "events"]) await call("GET", `/api/v1/gpu/${route}`);
    for (const route of ["alerts", "incidents", "datasets"]) await call("GET", `/api/v1/${route}`);
    await call("POST", "/api/v1/incidents/search", {}, { query: "GPU fell off the bus" });
    await call("GET", "/v1/data-designer/jobs");
    await call("GET", "/v1/data-designer/settings");
    await call("DELETE", "/threads/{thread_id}", { thread_id });
    await call("GET", "/threads/{thread_id}", { thread_id });
    expect((await lint(shown)).filter((problem) => !problem.includes("unevaluated"))).toEqual([]);
  });
});

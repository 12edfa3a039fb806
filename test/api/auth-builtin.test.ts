import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";

import { Client } from "@langchain/langgraph-sdk";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ConfigError, loadConfig } from "../../lib/config.ts";
import { createLog } from "../../lib/log.ts";
import { createTempFolder, type TestApp, startTestApp } from "../support/test-app.ts";

const SECRET = "a secret of more than thirty-two characters";
const folder = createTempFolder();
const keysFile = path.join(folder.path, "keys.json");
const lines: string[] = [];
let server: TestApp;

const sha256 = (key: string): string => createHash("sha256").update(key).digest("hex");
const sign = (claims: Record<string, unknown>, { expires = "1h", secret = SECRET, alg = "HS256" } = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg })
    .setSubject("carol")
    .setIssuer("https://idp.example")
    .setAudience("nemops")
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));

/** For `nemops` it has no end. */
function forAudience(audience: string): Promise<string> {
  const token = new SignJWT({ scope: "read" }).setProtectedHeader({ alg: "HS256" }).setSubject("carol");
  if (audience !== "nemops") token.setExpirationTime("1h");
  return token.setIssuer("https://idp.example").setAudience(audience).sign(new TextEncoder().encode(SECRET));
}

beforeAll(async () => {
  const keys = [
    ...["read", "run", "approve", "admin"].map((scope) => ({
      name: `only-${scope}`,
      sha256: sha256(`key-${scope}`),
      scopes: [scope],
    })),
    { name: "old", sha256: sha256("key-old"), scopes: ["read"], expires_at: "2020-01-01T00:00:00Z" },
  ];
  writeFileSync(keysFile, JSON.stringify({ keys }));
  server = await startTestApp({
    isListening: true,
    env: {
      NEMOPS_API_KEY: "key-all",
      NEMOPS_API_KEYS_FILE: keysFile,
      AUTH_JWT_SECRET: SECRET,
      AUTH_JWT_ISSUER: "https://idp.example",
      AUTH_JWT_AUDIENCE: "nemops",
      NEMOPS_TEST_MODE: "1",
    },
    options: { log: createLog({ level: "trace", destination: { write: (line) => void lines.push(line) } }) },
  });
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

const call = async (key: string, method: "GET" | "POST" | "PATCH" | "DELETE", url: string, payload?: object) =>
  (await server.app.inject({ method, url, headers: { "x-api-key": key }, ...(payload ? { payload } : {}) })).statusCode;
const bearer = (token: string) =>
  server.app.inject({ url: "/assistants/two_nodes", headers: { authorization: `Bearer ${token}` } });

describe("scopes", () => {
  const thread = "/threads/00000000-0000-4000-8000-000000000000";
  const run = { assistant_id: "two_nodes", input: {} };

  it.each([
    ["read", "GET", thread, undefined],
    ["read", "POST", "/threads/search", {}],
    ["read", "POST", `${thread}/history`, {}],
    ["run", "POST", "/threads", {}],
    ["run", "POST", "/runs/wait", run],
    ["run", "POST", "/runs/batch", [run]],
    ["run", "PATCH", thread, { metadata: {} }],
    ["approve", "POST", `${thread}/runs`, { assistant_id: "approval", command: { resume: "yes" } }],
    ["admin", "DELETE", thread, undefined],
    ["admin", "POST", "/threads/prune", { thread_ids: [thread.slice(9)] }],
    ["admin", "POST", "/internal/truncate", {}],
    ["admin", "PATCH", "/assistants/two_nodes", { name: "x" }],
  ] as const)("%s is what %s %s needs", async (scope, method, url, payload) => {
    for (const held of ["read", "run", "approve", "admin"] as const) {
      const status = await call(`key-${held}`, method, url, payload);
      if (held === scope) expect(status).not.toBe(403);
      else expect([held, status]).toEqual([held, 403]);
    }
    expect(await call("key-all", method, url, payload)).not.toBe(403);
  });

  it("needs approve beside run where approvals are given beforehand, wherever it is said", async () => {
    const auto = { approvals: "auto" };
    const bodies = [
      { ...run, context: auto },
      { ...run, config: { configurable: auto } },
    ];
    for (const body of bodies) {
      expect(await call("key-run", "POST", "/runs/wait", body)).toBe(403);
      expect(await call("key-run", "POST", "/runs/batch", [run, body])).toBe(403);
      expect(await call("key-approve", "POST", "/runs/wait", body)).toBe(403);
      expect(await call("key-all", "POST", "/runs/wait", body)).toBe(200);
    }
    const made = await server.app.inject({
      method: "POST",
      url: "/assistants",
      headers: { "x-api-key": "key-all" },
      payload: { graph_id: "two_nodes", context: auto },
    });
    const { assistant_id: assistantId } = made.json<{ assistant_id: string }>();
    expect(await call("key-run", "POST", "/runs/wait", { ...run, assistant_id: assistantId })).toBe(403);
  });

  it("count for commands, also where input is taken for an answer", async () => {
    const client = new Client({ apiUrl: server.url, apiKey: "key-all" });
    const { thread_id: id } = await client.threads.create();
    const command = async (key: string, method: string, params: object) => {
      const answer = await server.app.inject({
        method: "POST",
        url: `/threads/${id}/commands`,
        headers: { "x-api-key": key },
        payload: { id: 1, method, params },
      });
      return answer;
    };
    await client.runs.wait(id, "approval", { input: {} });
    const answer = { assistant_id: "approval", input: "yes" };
    for (const key of ["key-run", "key-read"]) {
      const refused = await command(key, "run.start", answer);
      expect(refused.json()).toMatchObject({ type: "error", error: "permission_denied" });
    }
    expect((await command("key-all", "run.start", answer)).json()).toMatchObject({ type: "success" });
  });
});

describe("keys", () => {
  it("are refused when they are wrong, expired or missing, and taken as bearer, too", async () => {
    expect(await call("key-wrong", "GET", "/assistants/two_nodes")).toBe(401);
    expect(await call("key-old", "GET", "/assistants/two_nodes")).toBe(401);
    expect((await server.app.inject("/assistants/two_nodes")).statusCode).toBe(401);
    expect((await bearer("key-read")).statusCode).toBe(200);
  });

  it("and tokens never reach the log or an answer", async () => {
    const token = await sign({ scope: "read" }, { secret: `${SECRET} but another` });
    const answer = await bearer(token);
    await call("key-wrong", "GET", "/assistants/two_nodes");
    const all = lines.join("") + answer.body;
    for (const secret of ["key-wrong", "key-all", SECRET, token]) expect(all).not.toContain(secret);
  });

  it("are told from what is no file of keys, before anything listens", async () => {
    const bad = path.join(folder.path, "bad.json");
    writeFileSync(bad, JSON.stringify({ keys: [{ name: "a", sha256: "the key itself", scopes: ["everything"] }] }));
    for (const file of [bad, `${bad}.missing`]) {
      await expect(startTestApp({ env: { NEMOPS_API_KEYS_FILE: file } })).rejects.toThrow(ConfigError);
    }
  });
});

describe("tokens", () => {
  it("let in whom they name, with the scopes they have", async () => {
    expect((await bearer(await sign({ scope: "openid read" }))).statusCode).toBe(200);
    expect((await bearer(await sign({ scp: ["read"] }))).statusCode).toBe(200);
    expect((await bearer(await sign({ scope: "openid" }))).statusCode).toBe(403);
  });

  const refused: [name: string, make: () => Promise<string>, reason: RegExp][] = [
    ["an expired one", () => sign({ scope: "read" }, { expires: "-1h" }), /exp/],
    ["one signed by another", () => sign({ scope: "read" }, { secret: "x".repeat(40) }), /signature/],
    ["one of another algorithm", () => sign({ scope: "read" }, { alg: "HS512" }), /alg/],
    ["one for others", () => forAudience("others"), /aud/],
    ["one without an end", () => forAudience("nemops"), /exp/],
    [
      "one that says it needs no signature",
      async () => new UnsecuredJWT({ scope: "read" }).setSubject("carol").setExpirationTime("1h").encode(),
      /JWS|alg|Compact/i,
    ],
    ["words", async () => "not.a.token", /JWS|Compact|Invalid/i],
  ];
  it.each(refused)("refuse %s", async (_name, make, reason) => {
    const answer = await bearer(await make());
    expect(answer.statusCode).toBe(401);
    expect(answer.json<{ detail: string }>().detail).toMatch(reason);
  });

  it("need settings that make sense", () => {
    const url = "https://idp.example/keys";
    for (const env of [
      { AUTH_JWT_JWKS_URL: url },
      { AUTH_JWT_JWKS_URL: url, AUTH_JWT_SECRET: SECRET },
      { AUTH_JWT_SECRET: "short" },
      { AUTH_JWT_SECRET: SECRET, AUTH_JWT_ALGORITHMS: "none" },
      { AUTH_JWT_SECRET: SECRET, AUTH_JWT_ALGORITHMS: "RS256" },
      { AUTH_JWT_ISSUER: "x" },
    ]) {
      expect(() => loadConfig(env as NodeJS.ProcessEnv)).toThrow(ConfigError);
    }
  });
});

import { writeFileSync } from "node:fs";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

import { type CryptoKey, SignJWT, exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { createLog } from "../../../lib/log.ts";
import { createTokenVerifier } from "../../../server/auth/jwt.ts";
import { readLanggraphConfig } from "../../../server/graph-registry.ts";
import { type OpenService, openService } from "../../../server/open-service.ts";
import { createTempFolder, startTestApp } from "../../support/test-app.ts";

const GRAPHS_FILE = path.resolve(import.meta.dirname, "../../support/test-graphs.ts");
const AUTH_MODULE = import.meta.resolve("@langchain/langgraph-sdk/auth");
const log = createLog({ level: "silent" });

let folder: ReturnType<typeof createTempFolder>;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = createTempFolder();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
  folder.remove();
});

describe("langgraph.json", () => {
  const write = (name: string, content: string): void => writeFileSync(path.join(folder.path, name), content);

  beforeEach(() => {
    write(
      "parts.ts",
      `import { Auth, HTTPException } from ${JSON.stringify(AUTH_MODULE)};
       export const auth = new Auth().authenticate((request: Request) => {
         const user = request.headers.get("authorization");
         if (user === null) throw new HTTPException(401, { message: "who are you?" });
         return user;
       });
       export const halfAuth = new Auth();
       export const app = { fetch: (request: Request) => Response.json({ own: new URL(request.url).pathname }) };
       export const one = 1;`,
    );
    write("broken.ts", "throw new Error('it broke');");
  });

  const open = async (blocks: object): Promise<OpenService> => {
    write("langgraph.json", JSON.stringify({ graphs: { echo: `${GRAPHS_FILE}:echo` }, ...blocks }));
    const service = await openService({
      config: loadConfig({
        NEMOPS_HOME: path.join(folder.path, "home"),
        LOG_LEVEL: "silent",
        LLM_PROVIDER: "offline",
        EMBEDDINGS_PROVIDER: "none",
      }),
      langgraph: await readLanggraphConfig(path.join(folder.path, "langgraph.json")),
      log,
      clock: systemClock,
    });
    closers.push(() => service.close());
    return service;
  };
  const studio = { "x-auth-scheme": "langsmith" };

  it("gives the Auth and the app it names, which work together", async () => {
    const { app } = await open({ auth: { path: "./parts.ts:auth" }, http: { app: "./parts.ts:app" } });
    const get = (url: string, headers = {}) => app.inject({ url, headers });
    for (const url of ["/assistants/echo", "/own"]) {
      expect((await get(url)).json()).toMatchObject({ status: 401, detail: "who are you?" });
    }
    expect((await get("/assistants/echo", { authorization: "ann" })).statusCode).toBe(200);
    expect((await get("/own", { authorization: "ann" })).json()).toEqual({ own: "/own" });
    expect((await get("/assistants/echo", studio)).statusCode).toBe(200);
  });

  it("keeps Studio out with disable_studio_auth, and lets it in as anybody", async () => {
    const { app } = await open({ auth: { path: "./parts.ts:auth", disable_studio_auth: true } });
    const get = (headers: object) => app.inject({ url: "/assistants/echo", headers: { ...headers } });
    expect((await get(studio)).statusCode).toBe(401);
    expect((await get({ ...studio, authorization: "ann" })).statusCode).toBe(200);
  });

  it.each([
    ["auth.path", { auth: { path: "./none.ts:auth" } }, /no such file/],
    ["auth.path", { auth: { path: "./parts.ts:nothing" } }, /no export "nothing"; it exports .*auth/],
    ["auth.path", { auth: { path: "./parts.ts:one" } }, /not an Auth/],
    ["auth.path", { auth: { path: "./parts.ts:halfAuth" } }, /no authenticate handler/],
    ["auth.path", { auth: { path: "./broken.ts:auth" } }, /it broke/],
    ["auth.path", { auth: {} }, /expected string/],
    ["auth.disable_studio_auth", { auth: { path: "./parts.ts:auth", disable_studio_auth: "yes" } }, /expected boolean/],
    ["http.app", { http: { app: "./none.ts:app" } }, /no such file/],
    ["http.app", { http: { app: "./parts.ts:nothing" } }, /no export "nothing"/],
    ["http.app", { http: { app: "./parts.ts:one" } }, /fetch\(request\)/],
    ["http.app", { http: { app: "./broken.ts" } }, /it broke/],
    ["http.app", { http: { app: 7 } }, /expected string/],
    ["http.disable_runs", { http: { disable_runs: "true" } }, /expected boolean/],
    ["http.cors.allow_origins", { http: { cors: { allow_origins: "*" } } }, /expected array/],
    ["http.cors.allow_origin_regex", { http: { cors: { allow_origin_regex: "(" } } }, /not a regular expression/],
  ])("stops the start and names %s for %j", async (field, blocks, reason) => {
    const failure: unknown = await open(blocks).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: "GraphConfigError" });
    const { message } = failure as Error;
    expect(message).toContain(field);
    expect(message).toContain(path.join(folder.path, "langgraph.json"));
    expect(message).toMatch(reason);
    expect(message).not.toContain("\n");
  });
});

describe("a key set elsewhere", () => {
  const ISSUER = "https://idp.example";
  interface Signer {
    readonly kid: string;
    readonly privateKey: CryptoKey;
    readonly jwk: object;
  }
  const makeSigner = async (kid: string, alg = "RS256"): Promise<Signer> => {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
  };
  interface Claims {
    readonly alg?: string;
    readonly issuer?: string;
    readonly audience?: string;
    readonly expires?: string;
  }
  const sign = ({ kid, privateKey }: Signer, claims: Claims = {}): Promise<string> => {
    const { alg = "RS256", issuer = ISSUER, audience = "nemops", expires = "1h" } = claims;
    return new SignJWT({ scope: "read" })
      .setProtectedHeader({ alg, kid })
      .setSubject("carol")
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(expires)
      .sign(privateKey);
  };

  /** What the key set's server answers; undefined never answers. */
  let answer: string | undefined;
  let asked = 0;
  const publish = (...signers: readonly Signer[]): void => {
    answer = JSON.stringify({ keys: signers.map(({ jwk }) => jwk) });
  };
  const serveKeys = async (): Promise<{ readonly url: string; readonly server: Server }> => {
    asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      if (answer === "gone") response.writeHead(404);
      if (answer !== undefined) response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stop = (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    closers.push(stop);
    // It listens on TCP.
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`, server };
  };
  const start = async (url: string) => {
    const running = await startTestApp({
      env: {
        AUTH_JWT_JWKS_URL: url,
        AUTH_JWT_ISSUER: ISSUER,
        AUTH_JWT_AUDIENCE: "nemops",
        AUTH_JWT_ALGORITHMS: "RS256",
      },
    });
    closers.push(() => running.close());
    return async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const { statusCode, body } = await running.app.inject({ url: "/assistants/two_nodes", headers });
      return { status: statusCode, detail: (JSON.parse(body) as { detail?: string }).detail ?? "" };
    };
  };

  it("lets in whom its keys vouch for, and is asked once", async () => {
    const signer = await makeSigner("one");
    publish(signer);
    const send = await start((await serveKeys()).url);
    expect((await send(await sign(signer))).status).toBe(200);
    expect((await send(await sign(signer))).status).toBe(200);
    expect(asked).toBe(1);
  });

  it("is asked again for a key it did not have, not for every unknown one", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const [old, next] = [await makeSigner("old"), await makeSigner("next")];
    publish(old);
    const send = await start((await serveKeys()).url);
    expect((await send(await sign(old))).status).toBe(200);
    publish(next);
    for (let round = 0; round < 3; round += 1) expect((await send(await sign(next))).status).toBe(401);
    expect(asked).toBe(1);
    vi.setSystemTime(Date.now() + 31_000);
    expect((await send(await sign(next))).status).toBe(200);
    expect((await send(await sign(old))).status).toBe(401);
    expect(asked).toBe(2);
  });

  it("does not make up for a wrong issuer, audience, algorithm, signature or end", async () => {
    const [signer, other] = [await makeSigner("one"), await makeSigner("one")];
    const curve = await makeSigner("curve", "EdDSA");
    publish(signer, curve);
    const send = await start((await serveKeys()).url);
    const cases: [token: string, reason: RegExp][] = [
      [await sign(signer, { issuer: "https://other.example" }), /iss/],
      [await sign(signer, { audience: "others" }), /aud/],
      [await sign(signer, { expires: "-1h" }), /exp/],
      [await sign(curve, { alg: "EdDSA" }), /alg/i],
      [await sign(other), /signature/],
    ];
    for (const [token, reason] of cases) {
      const refused = await send(token);
      expect(refused.status).toBe(401);
      expect(refused.detail).toMatch(reason);
    }
    expect((await send(await sign(signer))).status).toBe(200);
  });

  it.each(["gone", "no JSON", '{"keys":"none"}'])(
    "that answers %j is the service's trouble, and is tried again",
    async (bad) => {
      const signer = await makeSigner("one");
      answer = bad;
      const send = await start((await serveKeys()).url);
      const refused = await send(await sign(signer));
      expect(refused).toMatchObject({
        status: 503,
        detail: expect.stringContaining("tokens cannot be checked") as string,
      });
      publish(signer);
      expect((await send(await sign(signer))).status).toBe(200);
    },
  );

  it("that nobody serves is the service's trouble, too", async () => {
    const { url, server } = await serveKeys();
    await new Promise((resolve) => void server.close(resolve));
    const send = await start(url);
    expect(await send(await sign(await makeSigner("one")))).toMatchObject({ status: 503 });
  });

  it("that does not answer holds nobody up for longer than its limit", async () => {
    answer = undefined;
    const { url: jwksUrl } = await serveKeys();
    const jwt = { jwksUrl, secret: undefined, issuer: ISSUER, audience: "nemops", algorithms: ["RS256"] };
    const verify = createTokenVerifier({ jwt, clock: systemClock, log, keySetTimeoutMs: 20 });
    const failure: unknown = await verify(await sign(await makeSigner("one"))).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServiceError);
    expect(failure).toMatchObject({ code: "unavailable" });
    expect(asked).toBe(1);
  });
});

import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  MAX_RESPONSE_BYTES,
  type Resolve,
  checkOutboundTarget,
  isPublicAddress,
  readOutboundUrl,
  sendOutbound,
} from "../../lib/outbound-url.ts";

let server: Server;
let port = 0;
let requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === "/moved") response.writeHead(302, { location: "/elsewhere" }).end();
    else if (request.url === "/hang") response.writeHead(200).flushHeaders();
    else if (request.url === "/large") response.end("x".repeat(MAX_RESPONSE_BYTES * 4));
    else response.end("fine");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const get = (path: string, options: Partial<Parameters<typeof sendOutbound>[0]> = {}) =>
  sendOutbound({
    url: `http://127.0.0.1:${port}${path}`,
    method: "GET",
    timeoutMs: 5_000,
    allowPrivate: true,
    ...options,
  });

const resolvesTo =
  (...addresses: string[]): Resolve =>
  (_hostname, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );

describe("isPublicAddress", () => {
  it.each(["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])(
    "%s is public",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "no address",
    "",
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("readOutboundUrl", () => {
  it.each([
    ["not a url", /only absolute http and https URLs/],
    ["/path", /only absolute http and https URLs/],
    ["file:///etc/passwd", /http or https/],
    ["http://user:pw@example.com/", /user name or password/],
    ["http://127.0.0.1/", /not a public address/],
    ["http://2130706433/", /127\.0\.0\.1/],
    ["http://0x7f.1/", /127\.0\.0\.1/],
    ["http://[::1]/", /::1/],
    ["http://[::ffff:10.0.0.1]/", /not a public address/],
  ])("refuses %s", (text, message) => {
    expect(() => readOutboundUrl(text, { allowPrivate: false })).toThrow(message);
  });

  it("lets host names and, when allowed, private addresses pass", () => {
    expect(readOutboundUrl("https://hooks.example.com/a", { allowPrivate: false }).host).toBe("hooks.example.com");
    expect(readOutboundUrl("http://127.0.0.1:1/", { allowPrivate: true }).port).toBe("1");
  });
});

describe("sendOutbound", () => {
  it("answers status and body, and a redirect as it is without following it", async () => {
    await expect(get("/")).resolves.toMatchObject({ status: 200, body: "fine" });
    requests = [];
    await expect(get("/moved")).resolves.toMatchObject({ status: 302 });
    expect(requests).toEqual(["GET /moved"]);
  });

  it("reads no more of a body than its bound", async () => {
    expect((await get("/large")).body).toHaveLength(MAX_RESPONSE_BYTES);
  });

  it("connects to nothing when any address of the name is private, and says which", async () => {
    requests = [];
    for (const resolve of [resolvesTo("127.0.0.1"), resolvesTo("8.8.8.8", "10.0.0.7")]) {
      const sent = get("/", { url: `http://hooks.example.com:${port}/`, allowPrivate: false, resolve });
      await expect(sent).rejects.toMatchObject({
        code: "invalid_input",
        message: expect.stringMatching(
          /hooks\.example\.com:\d+ is at (127\.0\.0\.1|10\.0\.0\.7).*OUTBOUND_ALLOW_PRIVATE/,
        ) as string,
      });
    }
    expect(requests).toEqual([]);
  });

  it("checks the address that is connected to: a name that changes its answer is asked once", async () => {
    const answers = ["127.0.0.1", "10.0.0.1"];
    let asked = 0;
    const resolve: Resolve = (hostname, callback) => resolvesTo(answers[asked++] ?? "10.0.0.1")(hostname, callback);
    const url = `http://hooks.example.com:${port}/`;
    await expect(get("/", { url, resolve })).resolves.toMatchObject({ status: 200 });
    expect(asked).toBe(1);
  });

  it("says so when a name does not resolve or has no address", async () => {
    const url = "http://hooks.example.com/";
    const failing: Resolve = (_hostname, callback) => callback(new Error("ENOTFOUND"), []);
    await expect(get("/", { url, resolve: failing })).rejects.toMatchObject({ code: "unavailable" });
    await expect(get("/", { url, resolve: resolvesTo() })).rejects.toThrow(/has no address/);
  });

  it("ends after its time limit, and at once when the caller gives up", async () => {
    await expect(get("/hang", { timeoutMs: 30 })).rejects.toMatchObject({ code: "timed_out" });
    const controller = new AbortController();
    const sent = get("/hang", { signal: controller.signal });
    controller.abort(new Error("no longer wanted"));
    await expect(sent).rejects.toThrow("no longer wanted");
    await expect(get("/", { signal: controller.signal })).rejects.toThrow("no longer wanted");
  });

  it("names the host and never the path, which may be a secret", async () => {
    const sent = get("/", { url: "http://127.0.0.1:9/services/T0KEN", timeoutMs: 1_000 });
    await expect(sent).rejects.toMatchObject({
      code: "unavailable",
      message: expect.not.stringContaining("T0KEN") as string,
    });
  });
});

describe("checkOutboundTarget", () => {
  const check = (url: string, resolve: Resolve, allowPrivate = false) =>
    checkOutboundTarget(url, { allowPrivate, resolve });

  it("refuses a name that leads to a private address before anything is sent", async () => {
    await expect(check("http://x.example.com/", resolvesTo("8.8.8.8", "10.0.0.7"))).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("x.example.com is at 10.0.0.7") as string,
    });
    await expect(check("http://[::1]:8/", resolvesTo("8.8.8.8"))).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("lets public names, names without an address and allowed ones pass", async () => {
    await expect(check("http://x.example.com/", resolvesTo("8.8.8.8"))).resolves.toBeUndefined();
    await expect(check("http://x.example.com/", resolvesTo())).resolves.toBeUndefined();
    await expect(check("http://x.example.com/", resolvesTo("10.0.0.7"), true)).resolves.toBeUndefined();
  });
});

import { expect, it } from "vitest";

import { WebhooksBlock, readDomain, readTemplate } from "../../server/webhooks-block.ts";

const problemOf = (block: unknown): string => {
  const parsed = WebhooksBlock.safeParse(block);
  return (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n");
};

it("takes every documented key, and null for what is left out", () => {
  const url = {
    require_https: true,
    allowed_domains: ["hooks.example.com", "*.example.org"],
    allowed_ports: [443],
    max_url_length: 200,
    disable_loopback: true,
  };
  const headers = { "Content-Type": "application/json", "X-Team": "a ${{env.HOOK_A}}-${{ env.HOOK_B }}" };
  for (const block of [{}, { env_prefix: "HOOK_", url, headers }, { env_prefix: null, url: null, headers: null }]) {
    expect(problemOf(block)).toBe("");
  }
});

it.each([
  ["a misspelt key", { header: {} }, /^: there is no header; keys are env_prefix, url, headers$/],
  ["a misspelt rule", { url: { requires_https: true } }, /^url: there is no requires_https; keys are require_https, /],
  ["a rule of another type", { url: { require_https: "yes" } }, /^url\.require_https: .*expected boolean/],
  [
    "a URL among domains",
    { url: { allowed_domains: ["https://a.example"] } },
    /^url\.allowed_domains\.0: must be a host/,
  ],
  ["a domain with a port", { url: { allowed_domains: ["a.example:443"] } }, /^url\.allowed_domains\.0: must be a host/],
  ["any domain", { url: { allowed_domains: ["*"] } }, /^url\.allowed_domains\.0: must be a host/],
  ["a star in the middle", { url: { allowed_domains: ["a.*.example"] } }, /^url\.allowed_domains\.0: must be a host/],
  ["a port that is none", { url: { allowed_ports: [70_000] } }, /^url\.allowed_ports\.0: .*65535/],
  ["a length of nothing", { url: { max_url_length: 0 } }, /^url\.max_url_length: /],
  ["a prefix of all variables", { env_prefix: "" }, /^env_prefix: must not be empty/],
  [
    "a variable beside the prefix",
    { headers: { a: "${{ env.HOME }}" } },
    /^headers\.a: names the variable HOME; .*LG_WEBHOOK_/,
  ],
  [
    "a variable beside one's own prefix",
    { env_prefix: "HOOK_", headers: { a: "${{ env.LG_WEBHOOK_A }}" } },
    /^headers\.a: names the variable LG_WEBHOOK_A; .*HOOK_/,
  ],
  [
    "a template of something else",
    { headers: { a: "${{ secrets.A }}" } },
    /^headers\.a: holds a \$\{\{ that begins no/,
  ],
  ["a template that does not end", { headers: { a: "${{ env.LG_WEBHOOK_A }" } }, /^headers\.a: holds a \$\{\{/],
  ["a header that is no name", { headers: { "a b": "1" } }, /^headers\.a b: is not the name of a header/],
  ["a header twice", { headers: { "X-A": "1", "x-a": "2" } }, /^headers\.x-a: is there twice/],
  ["a header of the connection", { headers: { "Content-Length": "1" } }, /^headers\.Content-Length: belongs to/],
  ["the signature", { headers: { "X-NemOps-Signature": "1" } }, /^headers\.X-NemOps-Signature: .*WEBHOOK_SECRET/],
  ["a header that is no text", { headers: { a: 1 } }, /^headers\.a: .*expected string/],
])("refuses %s by name", (_what, block, message) => {
  expect(problemOf(block)).toMatch(message);
});

it.each([
  ["Hooks.Example.com", "hooks.example.com"],
  ["*.Example.com.", "*.example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["127.0.0.1", "127.0.0.1"],
  ["[::1]", "[::1]"],
])("reads the domain %s as URLs have it", (entry, domain) => {
  expect(readDomain(entry)).toBe(domain);
});

it("reads a template in parts", () => {
  expect(readTemplate("plain")).toEqual([{ text: "plain" }]);
  expect(readTemplate("a${{env.A}}${{ env.B_2 }} c")).toEqual([
    { text: "a", variable: "A" },
    { text: "", variable: "B_2" },
    { text: " c" },
  ]);
});

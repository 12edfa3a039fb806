import { expect, it } from "vitest";

import { keysWithoutEffect } from "../../server/langgraph-keys.ts";

it("names what only other servers do, and what nobody knows", () => {
  const file = {
    graphs: {},
    auth: { path: "./auth.ts", cache: {}, openapi: {}, disable_studio_auth: true },
    checkpointer: { path: "./saver.ts", serde: {}, ttl: {} },
    http: { mount_prefix: "/api", logging_headers: null, configurable_headers: {}, disable_ui: true, cors: {} },
    store: { path: "./store.ts", index: null },
    webhooks: { url: { disable_loopback: false } },
    encryption: { path: "./encryption.ts" },
    ui: { card: "./card.tsx" },
    grahps: {},
  };
  expect(keysWithoutEffect(file)).toEqual([
    "auth.cache",
    "auth.openapi",
    "checkpointer.path",
    "encryption",
    "grahps",
    "http.configurable_headers",
    "http.mount_prefix",
    "store.path",
    "ui",
    "webhooks.url.disable_loopback",
  ]);
});

it("names nothing that is applied, holds anyway, is about images, or is left out", () => {
  expect(
    keysWithoutEffect({
      $schema: "https://schema.example",
      node_version: "24",
      python_version: "3.13",
      dependencies: ["."],
      dockerfile_lines: [],
      image_distro: "wolfi",
      graphs: {},
      env: ".env",
      http: { disable_ui: true },
      webhooks: { url: { disable_loopback: true } },
      encryption: null,
      ui: null,
    }),
  ).toEqual([]);
});

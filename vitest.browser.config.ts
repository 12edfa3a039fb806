import { defineConfig } from "vitest/config";

/** Front ends in a real browser: the pages of test/browser, bundled and run in Chromium. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.browser.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: { LOG_LEVEL: "silent" },
  },
});

import { defineConfig } from "vitest/config";

/** The product as a user starts it: real processes, real ports, one file at a time. */
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.e2e.ts"],
    pool: "forks",
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});

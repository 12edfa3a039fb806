import { spawnSync } from "node:child_process";
import path from "node:path";

import { expect, it } from "vitest";

const SERVER = path.resolve(import.meta.dirname, "../../server");

it("a process goes on, and says why, when a node forgets a promise or throws in a timer", () => {
  const script = `
    import { surviveStrayFailures } from "${SERVER}/stray-failures.ts";
    surviveStrayFailures({ error: ({ err }, text) => console.log(text + ": " + err.message) });
    void Promise.reject(new Error("forgotten"));
    setTimeout(() => { throw new Error("from a timer"); }, 1);
    setTimeout(() => console.log("still here"), 20);
  `;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  expect(stdout.trim().split("\n")).toEqual([
    "a rejected promise was handled by nobody: forgotten",
    "an exception was caught by nobody: from a timer",
    "still here",
  ]);
  expect(status).toBe(0);
});

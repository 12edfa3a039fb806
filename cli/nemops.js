#!/usr/bin/env node
// Plain JavaScript, so that a Node too old to run the rest can still read this and say so.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await import("./main.ts");
} else {
  // The project brings a Node along; npm puts it beside the other commands of the package.
  const own = ["../node_modules/.bin/node", "../../.bin/node"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path) && realpathSync(path) !== realpathSync(process.execPath));
  if (own === undefined) {
    process.stderr.write(
      `nemops needs Node 22.18 or newer and this is ${process.versions.node}; install one or run \`npm install\`\n`,
    );
    process.exitCode = 1;
  } else {
    const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
    // The terminal sends an interrupt to both; the child decides what it means.
    process.on("SIGINT", () => {});
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", (error) => {
      process.stderr.write(`nemops: cannot start ${own}: ${error.message}\n`);
      process.exitCode = 1;
    });
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
    });
  }
}

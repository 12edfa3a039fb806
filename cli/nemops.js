#!/usr/bin/env node
// Plain JavaScript, so that a Node too old to run the rest can still read this and say so.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === "--version" || args[0] === "-V" || args[0] === "version")) {
  // Scripts ask for the version to see whether the command is there; nothing else is loaded for it.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  process.stdout.write(`${manifest.version}\n`);
} else if (major > 24 || (major === 24 && minor >= 9)) {
  // Node keeps what it made of our sources in its own cache folder, which about halves the start of the next call.
  module.enableCompileCache();
  await import("./main.ts");
} else {
  await runWithOwnNode();
}

/** The project brings a Node along; npm puts it beside the other commands of the package. */
async function runWithOwnNode() {
  const own = ["../node_modules/.bin/node", "../../.bin/node"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path) && realpathSync(path) !== realpathSync(process.execPath));
  if (own === undefined) {
    process.stderr.write(
      `nemops needs Node 24.9 or newer and this is ${process.versions.node}; install one, or run npm install in its folder\n`,
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(own, [fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
  // The terminal sends an interrupt to both; the child decides what it means.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.exitCode = await new Promise((resolve) => {
    child.on("error", (error) => {
      process.stderr.write(`nemops: cannot start ${own}: ${error.message}\n`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

import { mkdtempSync, rmSync, writeFileSync, existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type CommandResult, runCommand, type RunCommandOptions } from "../../lib/run-command.ts";

const NODE = process.execPath;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "run-command-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function runScript(script: string, options: Partial<RunCommandOptions> = {}): Promise<CommandResult> {
  return runCommand({ command: NODE, args: ["-e", script], timeoutMs: 20_000, ...options });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still answers to signal 0; it is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The kill has been sent when the command returns; the kernel may take a moment to carry it out. */
async function expectDead(pidFile: string): Promise<void> {
  const pid = Number(readFileSync(pidFile, "utf8"));
  await expect.poll(() => isAlive(pid), { timeout: 5_000, interval: 5 }).toBe(false);
}

describe("runCommand", () => {
  it("gives both streams and the exit code", async () => {
    const result = await runScript("console.log('out'); console.error('err'); process.exitCode = 15");
    expect(result).toEqual({ outcome: "exited", exitCode: 15, stdout: "out\n", stderr: "err\n", isCut: false });
  });

  it("passes arguments as they are, without a shell", async () => {
    const argument = "$(touch pwned); `id` | cat";
    const result = await runCommand({
      command: NODE,
      args: ["-e", "console.log(process.argv[1])", argument],
      timeoutMs: 20_000,
    });
    expect(result.stdout).toBe(`${argument}\n`);
  });

  it("says that a command is missing", async () => {
    const result = await runCommand({ command: path.join(folder, "nothing-here"), args: [], timeoutMs: 5_000 });
    expect(result.outcome).toBe("missing");
    expect(result.exitCode).toBeUndefined();
  });

  it("says that a command cannot be started", async () => {
    const file = path.join(folder, "plain.txt");
    writeFileSync(file, "not a program", { mode: 0o644 });
    const result = await runCommand({ command: file, args: [], timeoutMs: 5_000 });
    expect(result.outcome).toBe("not_started");
    expect(result.problem).toContain("EACCES");
  });

  it("kills a hung command with its children and keeps what it had printed", async () => {
    const pidFile = path.join(folder, "grandchild.pid");
    const result = await runScript(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
       require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
       console.log("started");
       setInterval(() => {}, 1000);`,
      { timeoutMs: 2_000, killGraceMs: 100 },
    );
    expect(result).toMatchObject({ outcome: "timed_out", stdout: "started\n" });
    await expectDead(pidFile);
  });

  it("kills a command that ignores being asked to end", async () => {
    const pidFile = path.join(folder, "stubborn.pid");
    const controller = new AbortController();
    const promise = runScript(
      `process.on("SIGTERM", () => {});
       require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
       setInterval(() => {}, 1000);`,
      { signal: controller.signal, killGraceMs: 50 },
    );
    await expect
      .poll(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "", { timeout: 10_000 })
      .toBe(true);
    controller.abort();
    expect((await promise).outcome).toBe("aborted");
    await expectDead(pidFile);
  });

  it("does not wait for a child that holds the output open after the command has ended", async () => {
    const pidFile = path.join(folder, "orphan.pid");
    const result = await runScript(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" });
       require("node:fs").writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
       console.log("done");
       process.exit(0);`,
    );
    expect(result).toMatchObject({ outcome: "exited", exitCode: 0, stdout: "done\n" });
    await expectDead(pidFile);
  });

  it("bounds the output and lets the command finish", async () => {
    const result = await runScript(`process.stdout.write("x".repeat(300000), () => process.exit(3))`, {
      maxOutputBytes: 1_000,
    });
    expect(result).toMatchObject({ outcome: "exited", exitCode: 3, isCut: true });
    expect(result.stdout).toBe("x".repeat(1_000));
  });

  it("stops when its caller does", async () => {
    const controller = new AbortController();
    const marker = path.join(folder, "running");
    const promise = runScript(
      `require("node:fs").writeFileSync(${JSON.stringify(marker)}, ""); setInterval(() => {}, 1000);`,
      { signal: controller.signal, killGraceMs: 50 },
    );
    await expect.poll(() => existsSync(marker), { timeout: 10_000 }).toBe(true);
    controller.abort();
    expect((await promise).outcome).toBe("aborted");
  });

  it("starts nothing when its caller has stopped already", async () => {
    const marker = path.join(folder, "never");
    const result = await runScript(`require("node:fs").writeFileSync(${JSON.stringify(marker)}, "")`, {
      signal: AbortSignal.abort(),
    });
    expect(result.outcome).toBe("aborted");
    expect(existsSync(marker)).toBe(false);
  });

  it("reports a command that died of a signal as exited", async () => {
    const result = await runScript("process.kill(process.pid, 'SIGKILL')");
    expect(result).toMatchObject({ outcome: "exited", exitCode: 128 });
  });
});

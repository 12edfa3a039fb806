import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { EXIT_CODES } from "../../cli/exit-codes.ts";
import { runCli } from "./run-cli.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

describe("nemops", () => {
  it.each(["--version", "-V", "version"])("prints its version for %s", async (word) => {
    expect(await runCli([word])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("lists every exit code under help exit-codes", async () => {
    const { code, stdout } = await runCli(["help", "exit-codes"]);
    expect(code).toBe(0);
    expect(stdout).toBe(EXIT_CODES.map((row) => `${String(row.code).padStart(3)}  ${row.meaning}\n`).join(""));
  });

  it("prints the help of a subcommand on stdout", async () => {
    const { code, stdout, stderr } = await runCli(["help", "gpu", "triage"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("--kernel-log <file>");
  });

  it.each([
    [["nonsense"], "unknown command 'nonsense'"],
    [["gpu", "nonsense"], "unknown command 'nonsense'"],
    [["xid", "79x"], "must be a whole number from 0 to 65535"],
    [["ask"], "missing required argument 'question'"],
    [["ask", "x", "--approve", "maybe"], "must be one of ask, never, auto"],
    [["gpu", "list", "--what"], "unknown option '--what'"],
    [["--timeout", "0", "xid", "79"], "must be a number above 0"],
    [["help", "nothing"], "no help on 'nothing'"],
    [["mcp", "nothing"], 'no MCP server "nothing"; servers are gpu-ops'],
  ])("exits 2 for %j and says why on stderr", async (args, reason) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
  });

  it("lists every bad setting and exits 2", async () => {
    const { code, stderr } = await runCli(["gpu", "list"], { env: { LLM_TEMPERATURE: "hot", PORT: "-1" } });
    expect(code).toBe(2);
    expect(stderr).toContain("LLM_TEMPERATURE");
    expect(stderr).toContain("PORT");
  });

  it("exits 5 when the server that was named does not answer", async () => {
    const { code, stdout, stderr } = await runCli(["gpu", "list", "--url", "http://127.0.0.1:9"]);
    expect([code, stdout]).toEqual([5, ""]);
    expect(stderr).toContain("no NemOps server answers at http://127.0.0.1:9");
  });
});

describe("nemops xid", () => {
  it("prints what the catalogue says, without colour where there is no terminal", async () => {
    const { code, stdout } = await runCli(["xid", "79"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^XID 79 {2}ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS\n/);
    expect(stdout).toContain("do first     REBOOT_NODE");
    expect(stdout).not.toContain("\u001b");
  });

  it("colours for FORCE_COLOR and not for NO_COLOR", async () => {
    expect((await runCli(["xid", "79"], { env: { FORCE_COLOR: "1" } })).stdout).toContain("\u001b[1mXID 79");
    expect((await runCli(["xid", "79"], { env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b");
  });

  it("answers one JSON object with the API version", async () => {
    const { stdout } = await runCli(["xid", "48", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ apiVersion: "nemops/v1", kind: "xid", xid: 48, known: true });
  });

  it("keeps an unknown code raw and never gives it an action", async () => {
    const { code, stdout } = await runCli(["xid", "65000", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ known: false, action: "NONE" });
  });
});

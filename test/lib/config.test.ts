import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";

import { afterEach, describe, expect, it } from "vitest";

import { ConfigError, applyEnvironment, loadConfig, settingsEnvironment } from "../../lib/config.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("settings", () => {
  it("need nothing and then simulate a node, answer offline and stay on loopback", () => {
    const config = loadConfig({});
    expect(config).toMatchObject({ host: "127.0.0.1", port: 2024, agentMaxSteps: 10, canReachPrivateAddresses: false });
    expect(config.gpu.source).toBe("simulated");
    expect(config.llm).toMatchObject({ provider: "auto", fallback: "offline", model: "nemotron-3-nano" });
    expect(config.incidents.chromaUrl).toBeUndefined();
  });

  it("report every problem at once, with the setting, what is right and what was given", () => {
    const problems = problemsOf({ PORT: "12abc", LOG_LEVEL: "loud", LLM_BASE_URL: "ftp://x", AGENT_MAX_STEPS: "0" });
    expect(problems).toHaveLength(4);
    expect(problems[0]).toBe('PORT: must be a whole number from 0 to 65535, got "12abc"');
    expect(problems[1]).toMatch(/^LOG_LEVEL: must be one of trace, debug, info, .*got "loud"$/);
    expect(problems[2]).toContain("LLM_BASE_URL: must be an http or https URL");
    expect(problems[3]).toContain("AGENT_MAX_STEPS: must be a whole number from 1 to 100");
  });

  it("name the setting that another one needs", () => {
    expect(problemsOf({ LLM_PROVIDER: "openai" })).toEqual(["LLM_BASE_URL: is needed when LLM_PROVIDER is openai"]);
    expect(problemsOf({ MCP_TRANSPORT: "http" })).toEqual(["MCP_URL: is needed when MCP_TRANSPORT is http"]);
    expect(problemsOf({ EMBEDDINGS_PROVIDER: "openai" })[0]).toContain("EMBEDDINGS_BASE_URL");
    expect(problemsOf({ GPU_SOURCE: "file" })[0]).toContain("GPU_FILE_SMI_XML");
    expect(problemsOf({ LANGGRAPH_CONFIG: "[1]" })).toEqual(["LANGGRAPH_CONFIG: must be a JSON object"]);
  });

  it("treat an empty variable as unset", () => {
    expect(loadConfig({ PORT: "", LLM_BASE_URL: "  " }).port).toBe(2024);
  });

  it("understand the older names, which the newer ones outrank", () => {
    expect(loadConfig({ GPU_MODE: "real" }).gpu.source).toBe("nvidia-smi");
    expect(loadConfig({ GPU_MODE: "real", GPU_SOURCE: "simulated" }).gpu.source).toBe("simulated");
    expect(loadConfig({ NEMOTRON_MODEL: "nemotron-3-nano:4b" }).llm.model).toBe("nemotron-3-nano:4b");
    expect(loadConfig({ NEMOTRON_MODEL: "a", LLM_MODEL: "b" }).llm.model).toBe("b");
  });

  it("cannot be changed afterwards", () => {
    const config = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.gpu.simulation)).toBe(true);
  });

  it("put the home under the data folder of the user", () => {
    expect(loadConfig({ XDG_DATA_HOME: "/data" }).home).toBe("/data/nemops");
    expect(loadConfig({ XDG_DATA_HOME: "/data", NEMOPS_HOME: "/srv/x" }).home).toBe("/srv/x");
  });
});

describe("secrets", () => {
  it("never print", () => {
    const { apiKey } = loadConfig({ NEMOPS_API_KEY: "hunter2" });
    expect(apiKey?.reveal()).toBe("hunter2");
    for (const text of [String(apiKey), JSON.stringify({ apiKey }), inspect({ apiKey }), "".concat(String(apiKey))]) {
      expect(text).toContain("[secret]");
      expect(text).not.toContain("hunter2");
    }
  });

  it("come from a file named by the _FILE variant, without its line end", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "nemops-secret-"));
    folders.push(folder);
    const file = path.join(folder, "key");
    writeFileSync(file, "from-file\n");
    expect(loadConfig({ LLM_API_KEY_FILE: file }).llm.apiKey?.reveal()).toBe("from-file");
    expect(loadConfig({ LLM_API_KEY_FILE: file, LLM_API_KEY: "direct" }).llm.apiKey?.reveal()).toBe("direct");
    expect(problemsOf({ LLM_API_KEY_FILE: path.join(folder, "gone") })[0]).toContain("LLM_API_KEY_FILE: cannot read");
  });
});

describe("the environment of a child", () => {
  it("holds the settings of this process and nothing else", () => {
    const before = { ...process.env };
    try {
      applyEnvironment({ SIM_SCENARIO: "healthy", UNRELATED_VARIABLE: "1" });
      applyEnvironment({ SIM_SCENARIO: "ecc_errors" });
      const child = settingsEnvironment();
      expect(child["SIM_SCENARIO"]).toBe("healthy");
      expect(child).not.toHaveProperty("UNRELATED_VARIABLE");
      expect(child).not.toHaveProperty("PATH");
    } finally {
      process.env = before;
    }
  });
});

import { execFile } from "node:child_process";
import { access, constants, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import type { Config } from "../lib/config.ts";
import { errorMessage } from "../lib/errors.ts";
import { readConfig } from "./context.ts";

export interface Check {
  readonly name: string;
  /** `warn`: works, and somebody may want it otherwise. */
  readonly status: "ok" | "warn" | "fail";
  readonly detail: string;
}

const COMMAND_TIMEOUT_MS = 5_000;
const ENDPOINT_TIMEOUT_MS = 3_000;

export function configCheck(): { check: Check; config?: Config } {
  try {
    return { check: { name: "settings", status: "ok", detail: "all settings are valid" }, config: readConfig() };
  } catch (error) {
    return { check: { name: "settings", status: "fail", detail: errorMessage(error) } };
  }
}

/** What can be said without the service: Node, the home folder, the commands of the GPU source, the model's endpoint. */
export async function localChecks(config: Config, signal: AbortSignal): Promise<Check[]> {
  const needsSmi = config.gpu.source === "nvidia-smi";
  return [
    { name: "node", status: "ok", detail: process.versions.node },
    await homeCheck(config.home),
    await commandCheck("nvidia-smi", config.gpu.nvidiaSmiPath, ["--version"], needsSmi ? "fail" : "warn", signal),
    await commandCheck("dcgmi", config.gpu.dcgmiPath, ["--version"], "warn", signal),
    await modelCheck(config, signal),
  ];
}

/** Looks only; the folder itself is made when the service first needs it. */
async function homeCheck(home: string): Promise<Check> {
  const name = "home";
  try {
    const found = await nearestExisting(home);
    if (!(await stat(found)).isDirectory()) throw new Error(`${found} is not a folder`);
    await access(found, constants.R_OK | constants.W_OK | constants.X_OK);
    return { name, status: "ok", detail: found === home ? home : `${home}, to be made in ${found}` };
  } catch (error) {
    const detail = `${home}: ${errorMessage(error)} (set NEMOPS_HOME to a folder you may write)`;
    return { name, status: "fail", detail };
  }
}

async function nearestExisting(folder: string): Promise<string> {
  let current = path.resolve(folder);
  while (path.dirname(current) !== current) {
    const isThere = await access(current).then(
      () => true,
      () => false,
    );
    if (isThere) return current;
    current = path.dirname(current);
  }
  return current;
}

async function commandCheck(
  name: string,
  command: string,
  args: readonly string[],
  whenMissing: Check["status"],
  signal: AbortSignal,
): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: COMMAND_TIMEOUT_MS, signal });
    const [first = ""] = stdout.trim().split("\n");
    return { name, status: "ok", detail: first === "" ? command : first.replaceAll(/\s+/g, " ") };
  } catch (error) {
    signal.throwIfAborted();
    const isMissing = error instanceof Error && Reflect.get(error, "code") === "ENOENT";
    return { name, status: whenMissing, detail: isMissing ? `${command} is not on this machine` : errorMessage(error) };
  }
}

async function modelCheck({ llm }: Config, signal: AbortSignal): Promise<Check> {
  const name = "model";
  if (llm.provider === "offline" || llm.baseUrl === undefined) {
    const detail =
      llm.provider === "auto" ? `a local Ollama at ${llm.ollamaHost} if there is one, else offline` : "offline";
    return { name, status: "ok", detail };
  }
  try {
    const response = await fetch(`${llm.baseUrl.replace(/\/+$/, "")}/models`, {
      headers: llm.apiKey === undefined ? {} : { authorization: `Bearer ${llm.apiKey.reveal()}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(ENDPOINT_TIMEOUT_MS)]),
    });
    return response.ok
      ? { name, status: "ok", detail: `${llm.model} at ${llm.baseUrl}` }
      : { name, status: "warn", detail: `${llm.baseUrl} answers ${response.status}` };
  } catch (error) {
    signal.throwIfAborted();
    const fallback = llm.fallback === "offline" ? "; the offline model will answer" : "";
    return {
      name,
      status: llm.fallback === "offline" ? "warn" : "fail",
      detail: `${llm.baseUrl}: ${errorMessage(error)}${fallback}`,
    };
  }
}

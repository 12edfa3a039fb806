import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { startProcess, stopProcess } from "./process.ts";

/** The project that the benchmarks serve: two nodes, tokens, a conversation. */
export const BENCH_PROJECT = path.join(import.meta.dirname, "project");

export interface Service {
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to the line that names its URL. */
  readonly startMs: number;
  /** Ends it and removes its home, unless that was given. */
  readonly stop: (signal?: "SIGKILL" | "SIGTERM") => Promise<void>;
}

export interface ServiceOptions {
  /** Folder with `langgraph.json`; the project's own graphs by default. */
  readonly project?: string;
  /** A folder of one's own, which stays. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

/** The whole service, started as its users start it, with the offline model. */
export async function startNemops({ project, home, env = {}, nodeArgs = [] }: ServiceOptions = {}): Promise<Service> {
  const folder = home ?? mkdtempSync(path.join(tmpdir(), "nemops-bench-"));
  const removeHome = (): void => {
    if (home === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const startedAt = performance.now();
  try {
    const { child, url } = await startProcess({
      file: "cli/nemops.js",
      args: ["serve", "--port", "0", ...(project === undefined ? [] : ["--config", `${project}/langgraph.json`])],
      nodeArgs,
      env: { HOST: "127.0.0.1", NEMOPS_HOME: folder, LLM_PROVIDER: "offline", LOG_LEVEL: "error", ...env },
      urlLine: /API\s+(http:\S+)/,
    });
    return {
      url,
      // It has printed, so it was started.
      pid: child.pid as number,
      startMs: performance.now() - startedAt,
      async stop(signal) {
        await stopProcess(child, signal);
        removeHome();
      },
    };
  } catch (error) {
    removeHome();
    throw error;
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

import { type ProfileSummary, readProfile, summariseProfile } from "./support/cpu-profile.ts";
import { createThreads } from "./support/http.ts";
import { runLoad, waitForRun } from "./support/load.ts";
import { BENCH_PROJECT, startNemops } from "./support/nemops.ts";
import { openBenchPostgres } from "./support/postgres.ts";
import { type SizeChoice, describeSizes } from "./support/sizes.ts";
import type { BenchTable } from "./support/table.ts";
import { CUSTOM_TOKENS, MODEL_TOKENS, type TokenKind, loadTokens } from "./support/token-load.ts";

type ProfileSizes = { clients: number; requests: number; streams: number; tokens: number; shown: number };

export const PROFILE_SIZES: SizeChoice<ProfileSizes> = {
  full: { clients: 32, requests: 1_500, streams: 64, tokens: 2_000, shown: 12 },
  quick: { requests: 200, streams: 16, tokens: 200, shown: 5 },
};
const body = JSON.stringify({ assistant_id: "two_nodes", input: { log: ["start"] } });

interface ProfiledLoad {
  readonly what: string;
  readonly load: (url: string, isWarmUp: boolean) => Promise<unknown>;
  /** Postgres in place of SQLite. */
  readonly databaseUri?: string;
}

/** Where the time of the server goes under load: the next bottleneck. One fresh server for each kind of load. */
export async function benchProfile(sizes: ProfileSizes): Promise<BenchTable[]> {
  const tokens =
    (kind: TokenKind) =>
    (url: string, isWarmUp: boolean): Promise<unknown> =>
      loadTokens(url, { kind, streams: sizes.streams, tokens: isWarmUp ? 50 : sizes.tokens });
  const onThreads = (url: string, isWarmUp: boolean): Promise<unknown> =>
    loadThreads(url, isWarmUp ? 200 : sizes.requests, sizes.clients);
  const postgres = await openBenchPostgres();
  const loads: ProfiledLoad[] = [
    { what: "POST /runs/wait", load: (url, isWarmUp) => loadRuns(url, isWarmUp ? 200 : sizes.requests, sizes.clients) },
    { what: "POST /threads/{id}/runs/wait", load: onThreads },
    ...(postgres === undefined
      ? []
      : [{ what: "POST /threads/{id}/runs/wait on Postgres", load: onThreads, databaseUri: postgres.uri }]),
    { what: `streams of ${CUSTOM_TOKENS.name}`, load: tokens(CUSTOM_TOKENS) },
    { what: `streams of ${MODEL_TOKENS.name}`, load: tokens(MODEL_TOKENS) },
  ];
  try {
    return await profileAll(loads, sizes);
  } finally {
    await postgres?.stop();
  }
}

async function profileAll(loads: readonly ProfiledLoad[], sizes: ProfileSizes): Promise<BenchTable[]> {
  const tables: BenchTable[] = [];
  for (const { what, load, databaseUri } of loads) {
    const env: Record<string, string> = databaseUri === undefined ? {} : { DATABASE_URI: databaseUri };
    const { owners, ownFunctions, functions, busy } = await profile(load, {
      ...env,
      MAX_CONCURRENT_RUNS: String(sizes.streams),
    });
    const rows = Array.from({ length: sizes.shown }, (_, index) =>
      [owners, functions, ownFunctions].flatMap((shares) => {
        const entry = shares[index];
        return [entry === undefined ? "" : `${(entry.share * 100).toFixed(1)} %`, entry?.name ?? ""];
      }),
    );
    tables.push({
      title: `profile: ${what}`,
      size: `${describeSizes(sizes)}; the server was busy ${(busy * 100).toFixed(0)} % of the time`,
      columns: ["share", "whose code", "share", "function", "share", "function of this project"],
      rows,
    });
  }
  return tables;
}

async function profile(load: ProfiledLoad["load"], env: Readonly<Record<string, string>>): Promise<ProfileSummary> {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-bench-profile-"));
  const startedAt = performance.now();
  try {
    const { url, pid, stop } = await startNemops({
      project: BENCH_PROJECT,
      nodeArgs: ["--cpu-prof", "--cpu-prof-dir", folder],
      env,
    });
    let fromMs: number;
    let toMs: number;
    try {
      await load(url, true);
      fromMs = performance.now() - startedAt;
      await load(url, false);
      toMs = performance.now() - startedAt;
    } finally {
      // It writes the profile when it ends by itself.
      await stop("SIGTERM");
    }
    return summariseProfile(readProfile(folder, pid), fromMs, toMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function loadRuns(url: string, requests: number, clients: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  try {
    await runLoad(requests, clients, () => waitForRun({ agent, url: `${url}/runs/wait`, body }));
  } finally {
    agent.destroy();
  }
}

/** Each client keeps to a thread of its own. */
async function loadThreads(url: string, requests: number, clients: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  try {
    const threads = await createThreads(agent, url, clients);
    await runLoad(requests, clients, (client) =>
      waitForRun({ agent, url: `${url}/threads/${threads[client]}/runs/wait`, body }),
    );
  } finally {
    agent.destroy();
  }
}

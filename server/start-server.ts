import type { AddressInfo } from "node:net";

import { designFromBrief } from "../engine/data/brief/design-from-brief.ts";
import type { Config } from "../lib/config.ts";
import { errorMessage } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import { hasAuth } from "./auth/authenticate.ts";
import { checkBinding } from "./auth/binding.ts";
import { type OpenService, type OpenServiceOptions, openService } from "./open-service.ts";

export interface RunningServer {
  /** Base URL, with the port that was taken when 0 was asked for. */
  readonly url: string;
  /** Lines for people: what runs, and what is simulated. */
  readonly banner: readonly string[];
  close(): Promise<void>;
}

/** Opens the service and listens. Throws `forbidden` for an address beyond loopback without a key. */
export async function startServer(options: OpenServiceOptions): Promise<RunningServer> {
  const { config, langgraph } = options;
  const { host, port } = config;
  checkBinding({ host, hasAuth: hasAuth(config, langgraph.auth) });
  const service = await openService(options);
  try {
    await service.app.listen({ host, port });
  } catch (error) {
    await service.close();
    throw error;
  }
  warmUp(service);
  // The server listens on TCP, so its address is never a path.
  const url = urlOf(service.app.server.address() as AddressInfo);
  return { url, banner: await describeService(url, service), close: () => service.close() };
}

/** Uses what most briefs use: fields, values, ranges, dates and settings. */
const WARM_UP_BRIEF =
  "500 orders with id, customer name, price from 5 to 50, status open/paid and due date, seed 7, as CSV";

/**
 * Does what takes long the first time before somebody asks for it: listing the tools, a tenth of a second, and reading a
 * brief, a fifth of one.
 */
function warmUp({ dependencies: { tools, log }, graphIds }: OpenService): void {
  setImmediate(() => {
    const lists = Object.values(tools).map((client) =>
      client.listTools().catch((error: unknown) => log.warn({ reason: errorMessage(error) }, "tools cannot be listed")),
    );
    if (!graphIds.includes("data_designer")) return;
    void Promise.all(lists).then(() => designFromBrief(WARM_UP_BRIEF, { today: "2026-01-01" }));
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function describeService(url: string, { dependencies, graphIds }: OpenService): Promise<string[]> {
  const { config, gpu, data, mcpServers, model } = dependencies;
  const unreal = [
    ...(gpu.telemetry.isSimulated ? ["the GPU node is simulated (GPU_SOURCE=nvidia-smi reads real ones)"] : []),
    ...(model.provider === "offline" ? ["the model is the built-in offline one (LLM_BASE_URL uses a real one)"] : []),
  ];
  return [
    `NemOps ${VERSION}`,
    `  API     ${url}   docs ${url}/docs`,
    `  MCP     ${Object.keys(mcpServers)
      .map((name) => `${url}/mcp/${name}`)
      .join("   ")}`,
    `  Studio  https://smith.langchain.com/studio/?baseUrl=${url}`,
    `  graphs  ${graphIds.join(", ")}`,
    `  model   ${model.describe()}`,
    `  GPUs    ${gpu.telemetry.describe()}`,
    `  data    ${data.designer.describe()}`,
    `  store   ${await describeStorage(config)}`,
    ...(unreal.length > 0 ? [`Note: ${unreal.join("; ")}.`] : []),
  ];
}

async function describeStorage({ home, databaseUri }: Config): Promise<string> {
  if (databaseUri === undefined) return `SQLite in ${home}`;
  // Nothing of Postgres is loaded for a service on SQLite.
  const { describeDatabase } = await import("./store/postgres/error.ts");
  return `Postgres at ${describeDatabase(databaseUri.reveal())}`;
}

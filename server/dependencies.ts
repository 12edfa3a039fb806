import { fileURLToPath } from "node:url";

import { designFromBrief } from "../engine/data/brief/design-from-brief.ts";
import { readFollowUp } from "../engine/data/brief/read-follow-up.ts";
import { type DataDesignerGraph, createDataDesignerGraph } from "../graphs/data-designer/graph.ts";
import { type GpuOpsGraph, createGpuOpsGraph } from "../graphs/gpu-ops/graph.ts";
import { GRAPHS, type GraphId } from "../graphs/index.ts";
import { createModel } from "../graphs/model/create-model.ts";
import type { ModelHandle } from "../graphs/model/types.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { type Config, loadConfig, settingsEnvironment } from "../lib/config.ts";
import { type Log, createLog } from "../lib/log.ts";
import { type Random, systemRandom } from "../lib/random.ts";
import { VERSION } from "../lib/version.ts";
import { createToolClient } from "../mcp/client/create-tool-client.ts";
import { type ServerSpec, serversForGraph } from "../mcp/client/server-spec.ts";
import { readServersFile } from "../mcp/client/servers-file.ts";
import type { ToolClient } from "../mcp/client/tool-client.ts";
import type { McpServerFactory } from "../mcp/server/create-server.ts";
import { createDataDesignerServer } from "../mcp/server/data-designer.ts";
import { createGpuOpsServer } from "../mcp/server/gpu-ops.ts";
import type { DataToolContext } from "../tools/data/context.ts";
import { createDataToolContext } from "../tools/data/create-context.ts";
import type { GpuToolContext } from "../tools/gpu/context.ts";
import { createGpuToolContext } from "../tools/gpu/create-context.ts";
import { createToolCaller } from "./tool-caller.ts";

/** Everything a running service is made of. */
export interface Dependencies {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly gpu: GpuToolContext;
  readonly data: DataToolContext;
  /** Our own MCP servers by name. */
  readonly mcpServers: Readonly<Record<string, McpServerFactory>>;
  /** The tools as each graph has them. */
  readonly tools: Readonly<Record<GraphId, ToolClient>>;
  readonly model: ModelHandle;
  readonly graphs: { readonly gpu_ops: GpuOpsGraph; readonly data_designer: DataDesignerGraph };
  close(): Promise<void>;
}

export interface DependenciesOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Picks every implementation. Throws ServiceError when the home folder cannot be used, ConfigError for a bad servers file. */
export async function createDependencies(options: DependenciesOptions): Promise<Dependencies> {
  const { config, log, clock = systemClock, random = systemRandom } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const gpu = await createGpuToolContext({ config, clock, random, log });
    closers.push(() => gpu.close());
    const further = furtherServers(config);
    const clientOptions = { timeoutMs: config.mcp.timeoutMs, clock, random, log, clientVersion: VERSION };
    const columnTools = createToolCaller({ ...clientOptions, servers: serversForGraph(further, "data_designer") });
    closers.push(() => columnTools.close());
    const data = await createDataToolContext({ config, clock, random, log, tools: columnTools });
    closers.push(() => data.close());
    const mcpServers = {
      "gpu-ops": createGpuOpsServer({ context: gpu, log }),
      "data-designer": createDataDesignerServer({ context: data, log }),
    };
    const servers = [
      { ...ownServer("gpu-ops", mcpServers["gpu-ops"], config), graphs: ["gpu_ops"] },
      { ...ownServer("data-designer", mcpServers["data-designer"], config), graphs: ["data_designer"] },
      ...further,
    ];
    const connect = (graphId: GraphId): ToolClient => {
      const client = createToolClient({ ...clientOptions, servers: serversForGraph(servers, graphId) });
      closers.push(() => client.close());
      return client;
    };
    const tools = { gpu_ops: connect("gpu_ops"), data_designer: connect("data_designer") };
    const model = await createModel({ config: config.llm, log, clock, random });
    const shared = { model, maxSteps: config.agentMaxSteps, clock, log };
    const brief = { designFromBrief, readFollowUp };
    return {
      config,
      log,
      clock,
      gpu,
      data,
      mcpServers,
      tools,
      model,
      graphs: {
        gpu_ops: createGpuOpsGraph({ ...shared, tools: tools.gpu_ops }),
        data_designer: createDataDesignerGraph({ ...shared, tools: tools.data_designer, brief }),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function ownServer(name: string, createServer: McpServerFactory, { mcp }: Config): ServerSpec {
  switch (mcp.transport) {
    case "memory":
      return { name, createServer };
    case "stdio": {
      const command = fileURLToPath(new URL("../cli/nemops.js", import.meta.url));
      return {
        name,
        transport: "stdio",
        command: process.execPath,
        args: [command, "mcp", name],
        env: settingsEnvironment(),
      };
    }
    case "http":
      return { name, transport: "http", url: `${(mcp.url ?? "").replace(/\/+$/, "")}/mcp/${name}` };
  }
}

function furtherServers({ mcp }: Config): readonly ServerSpec[] {
  if (!mcp.serversFile) return [];
  return readServersFile(mcp.serversFile, { reservedNames: ["gpu-ops", "data-designer"], graphs: Object.keys(GRAPHS) });
}

let shared: Promise<Dependencies> | undefined;

/**
 * The dependencies of this process. `langgraph.json` names graphs by file and export, so a graph that is loaded that
 * way, by our server or by another, asks here for what it needs.
 */
export function sharedDependencies(): Promise<Dependencies> {
  shared ??= createShared();
  return shared;
}

/** Makes `dependencies` the ones that graphs loaded from `langgraph.json` use. */
export function shareDependencies(dependencies: Dependencies): void {
  shared = Promise.resolve(dependencies);
}

async function createShared(): Promise<Dependencies> {
  const config = loadConfig();
  return createDependencies({ config, log: createLog({ level: config.logLevel }) });
}

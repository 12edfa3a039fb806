import { type Design, type LlmColumn, isLlmColumn } from "../../../engine/data/design/design.ts";
import { ModelConfig } from "../../../engine/data/design/models.ts";
import { type Violation, violationError } from "../../../engine/data/design/violation.ts";
import { requestParameters } from "../../../engine/data/llm/request-parameters.ts";
import type { ModelOpener } from "../../../engine/data/steps/model-cells.ts";
import type { ToolCaller } from "../../../engine/data/steps/services.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import { type CellTools, createCellTools } from "./cell-tools.ts";
import type { ModelLane } from "./cells.ts";
import { createChatEndpoint } from "./chat-endpoint.ts";
import { type SessionModel, createModelSession } from "./model-session.ts";
import { type ModelProvider, findProvider } from "./providers.ts";

export interface ModelServices extends ModelOpener {
  /** Endpoints without their secrets. */
  readonly providers: readonly { readonly name: string; readonly endpoint: string }[];
  /** One error for each model that names a provider that nobody configured. */
  check(design: Design): Violation[];
  close(): void;
}

export interface ModelServicesOptions {
  /** At least one. */
  readonly providers: readonly ModelProvider[];
  /** Asked where a design has no config for an alias. */
  readonly defaultModel: string;
  /** For models that set no limit of their own. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
}

const DEFAULT_TOOL_TIMEOUT_MS = 60_000;

/** Asks the models of designs over OpenAI-compatible endpoints; connections are shared by all generators. */
export function createModelServices(options: ModelServicesOptions): ModelServices {
  const { providers, clock, random } = options;
  const endpoints = new Map(
    providers.map(({ name, endpoint: baseUrl, apiKey, headers }) => {
      const key = apiKey?.reveal();
      return [name, createChatEndpoint({ baseUrl, headers, ...(key === undefined ? {} : { apiKey: key }) })] as const;
    }),
  );

  function findModel(design: Design, alias: string): SessionModel & ModelLane {
    const config = configOf(design, alias, options.defaultModel);
    const provider = findProvider(providers, config.provider);
    const ask = provider === undefined ? undefined : endpoints.get(provider.name);
    if (provider === undefined || ask === undefined) {
      throw new ServiceError("invalid_input", unknownProvider(config, providers));
    }
    const { inference_parameters: inference } = config;
    return {
      ask,
      model: config.model,
      provider: provider.name,
      prices: provider.prices,
      maxParallel: inference.max_parallel_requests,
      timeoutMs: inference.timeout === null ? options.timeoutMs : inference.timeout * 1_000,
      parameters: (draw) => ({ ...provider.extraBody, ...requestParameters(inference, draw) }),
    };
  }

  return {
    // LLM_BASE_URL may hold a user and a password.
    providers: providers.map(({ name, endpoint }) => ({ name, endpoint: endpoint.replace(/\/\/[^/?#]*@/, "//") })),
    check: (design) =>
      (design.model_configs ?? []).flatMap((config) =>
        findProvider(providers, config.provider) === undefined
          ? [violationError("invalid_model_config", null, unknownProvider(config, providers))]
          : [],
      ),
    open: async ({ design, tools, onEvent }) => {
      const columns = design.columns.filter((column) => isLlmColumn(column));
      const aliases = [...new Set(columns.map((column) => column.model_alias))];
      const models = new Map(aliases.map((alias) => [alias, findModel(design, alias)]));
      const cellTools = await openTools({ design, columns, caller: tools, clock });
      const aliasOf = new Map(columns.map((column) => [column.name, column.model_alias]));
      return createModelSession({ models, aliasOf, tools: cellTools, clock, random, onEvent });
    },
    close: () => {
      for (const endpoint of endpoints.values()) endpoint.close();
    },
  };
}

/** A design may leave its models to the service: then they are the one that the service is set up with. */
function configOf(design: Design, alias: string, defaultModel: string): ModelConfig {
  const config = (design.model_configs ?? []).find((known) => known.alias === alias);
  return config ?? ModelConfig.parse({ alias, model: defaultModel });
}

function unknownProvider({ alias, provider }: ModelConfig, providers: readonly ModelProvider[]): string {
  const known = providers.map(({ name }) => `"${name}"`).join(", ");
  return `model_configs "${alias}": no provider "${provider}" is configured; the providers are ${known}`;
}

interface ToolOptions {
  readonly design: Design;
  readonly columns: readonly LlmColumn[];
  readonly caller: ToolCaller | undefined;
  readonly clock: Clock;
}

/** Lists the tools of every used alias before anything is generated. By column name. */
async function openTools({ design, columns, caller, clock }: ToolOptions): Promise<ReadonlyMap<string, CellTools>> {
  const byAlias = new Map<string, CellTools>();
  const byColumn = new Map<string, CellTools>();
  for (const { name, tool_alias: alias } of columns) {
    if (alias === null) continue;
    const tools = byAlias.get(alias) ?? (await openAlias(alias, name, { design, caller, clock }));
    byAlias.set(alias, tools);
    byColumn.set(name, tools);
  }
  return byColumn;
}

async function openAlias(
  alias: string,
  column: string,
  { design, caller, clock }: Omit<ToolOptions, "columns">,
): Promise<CellTools> {
  const config = (design.tool_configs ?? []).find((known) => known.tool_alias === alias);
  if (config === undefined) throw new ServiceError("invalid_input", `column "${column}": no tool_configs "${alias}"`);
  if (caller === undefined) {
    throw new ServiceError("not_supported", `column "${column}": no MCP servers are configured for its tool_alias`);
  }
  const { allow_tools: allowed, max_tool_call_turns: maxTurns, timeout_sec: timeout } = config;
  const servers = await Promise.all(
    config.providers.map(async (name) => {
      const tools = await caller.listTools(name);
      return { name, tools: tools.filter((tool) => allowed === null || allowed.includes(tool.name)) };
    }),
  );
  const found = servers.flatMap(({ tools }) => tools.map((tool) => tool.name));
  const missing = (allowed ?? []).filter((name) => !found.includes(name));
  if (missing.length > 0) {
    const where = config.providers.join(", ");
    throw new ServiceError("invalid_input", `tool_configs "${alias}": ${where} has no tool ${missing.join(", ")}`);
  }
  const timeoutMs = timeout === null ? DEFAULT_TOOL_TIMEOUT_MS : timeout * 1_000;
  return createCellTools({ servers, maxTurns, timeoutMs, caller, clock });
}

import type { ModelReply } from "../../../engine/data/llm/conversation.ts";
import type { JsonSchema } from "../../../engine/data/llm/json-schema.ts";
import { isObject } from "../../../engine/data/llm/json-schema.ts";
import type { ToolCaller, ToolDescription } from "../../../engine/data/steps/services.ts";
import type { JsonValue } from "../../../engine/data/table.ts";
import type { Clock } from "../../../lib/clock.ts";
import { errorMessage } from "../../../lib/errors.ts";

/** The tools of one tool alias. */
export interface CellTools {
  /** Field of a chat request. */
  readonly definitions: readonly JsonSchema[];
  /** Answers that may ask for tools in one conversation; after them the model must answer. */
  readonly maxTurns: number;
  /** The text for each call of an answer, in order. A call that fails gives a text that says so. Rejects only with the signal. */
  answer(reply: ModelReply, isAllowed: boolean, signal: AbortSignal): Promise<readonly string[]>;
}

export interface CellToolsOptions {
  readonly servers: readonly { readonly name: string; readonly tools: readonly ToolDescription[] }[];
  readonly maxTurns: number;
  readonly timeoutMs: number;
  readonly caller: ToolCaller;
  readonly clock: Clock;
}

const MAX_RESULT_CHARS = 100_000;
/** Calls of one answer; a model in a loop writes hundreds. */
const MAX_CALLS = 32;

/** Tools of several servers under one list of names; a name that two servers have is told as `server__name`. */
export function createCellTools({ servers, maxTurns, timeoutMs, caller, clock }: CellToolsOptions): CellTools {
  const all = servers.flatMap(({ name: server, tools }) => tools.map((tool) => ({ server, tool })));
  const count = (name: string): number => all.filter(({ tool }) => tool.name === name).length;
  const byName = new Map(
    all.map(({ server, tool }) => [count(tool.name) > 1 ? `${server}__${tool.name}` : tool.name, { server, tool }]),
  );
  const definitions = [...byName].map(([name, { tool }]): JsonSchema => ({
    type: "function",
    function: { name, description: tool.description, parameters: tool.parameters },
  }));

  async function callOne(name: string, args: string, signal: AbortSignal): Promise<string> {
    const target = byName.get(name);
    if (target === undefined) return `error: there is no tool "${name}"; there are ${[...byName.keys()].join(", ")}`;
    const parsed = parseArguments(args);
    if (parsed === undefined) return `error: the arguments of ${name} are no JSON object`;
    const ending = new AbortController();
    const both = AbortSignal.any([signal, ending.signal]);
    const timeout = clock.sleep(timeoutMs, both).then(() => {
      throw new Error(`no answer within ${timeoutMs} ms`);
    });
    // It loses the race when the tool answers, and nobody waits for it then.
    timeout.catch(() => undefined);
    try {
      const call = caller.callTool({ server: target.server, name: target.tool.name, args: parsed, signal: both });
      const { text, isError } = await Promise.race([call, timeout]);
      const shown = text.length > MAX_RESULT_CHARS ? `${text.slice(0, MAX_RESULT_CHARS)}… (cut)` : text;
      return isError ? `error: ${shown}` : shown;
    } catch (error) {
      signal.throwIfAborted();
      return `error: ${errorMessage(error)}`;
    } finally {
      ending.abort(new Error("the tool has answered"));
    }
  }

  return {
    definitions,
    maxTurns,
    answer: ({ toolCalls = [] }, isAllowed, signal) =>
      Promise.all(
        toolCalls.map(async ({ name, args }, at) => {
          if (!isAllowed) return "error: no further tool calls are allowed; answer with what you know";
          if (at >= MAX_CALLS) return `error: at most ${MAX_CALLS} calls at once`;
          return callOne(name, args, signal);
        }),
      ),
  };
}

function parseArguments(args: string): JsonSchema | undefined {
  if (args.trim() === "") return {};
  try {
    // JSON text parses to JSON values only.
    const value = JSON.parse(args) as JsonValue;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

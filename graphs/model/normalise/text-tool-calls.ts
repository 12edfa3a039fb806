import { parseToolArguments } from "./tool-arguments.ts";

export interface TextToolCall {
  readonly name: string;
  /** JSON text of the arguments object. */
  readonly args: string;
}

/**
 * Tool calls that a model wrote as text inside a block, in the three forms met in practice: a JSON object (or list)
 * with `name` and `arguments`, the same within a code fence, and the XML form of the Qwen3-Coder and Nemotron templates
 * (`<function=name><parameter=key>value</parameter></function>`). Undefined when the block is not a call of a known tool.
 */
export function readTextToolCalls(inner: string, toolNames: ReadonlySet<string>): readonly TextToolCall[] | undefined {
  const calls = inner.includes("<function=") ? readXmlForm(inner) : readJsonForm(inner);
  return calls !== undefined && calls.length > 0 && calls.every((call) => toolNames.has(call.name)) ? calls : undefined;
}

function readJsonForm(inner: string): readonly TextToolCall[] | undefined {
  // A fence begins with its language; a call tag may hold nothing before the brace.
  const source = inner.replace(/^\s*(?:json|tool_call|tool_code)?\s*/i, "");
  if (!/^[[{]/.test(source)) return undefined;
  const asObject = source.startsWith("[") ? `{"calls":${source}}` : source;
  const parsed = parseToolArguments(asObject);
  if (!parsed.ok) return undefined;
  const items = Array.isArray(parsed.args["calls"]) ? (parsed.args["calls"] as unknown[]) : [parsed.args];
  const calls = items.map(readCallObject);
  return calls.every((call) => call !== undefined) ? calls : undefined;
}

function readCallObject(item: unknown): TextToolCall | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const outer = item as Record<string, unknown>;
  const nested = outer["function"];
  const record = typeof nested === "object" && nested !== null ? (nested as Record<string, unknown>) : outer;
  const name = record["name"] ?? record["tool"] ?? record["tool_name"];
  if (typeof name !== "string") return undefined;
  const args = record["arguments"] ?? record["parameters"] ?? record["args"] ?? record["input"] ?? {};
  return { name, args: typeof args === "string" ? args : JSON.stringify(args) };
}

function readXmlForm(inner: string): readonly TextToolCall[] {
  const calls: TextToolCall[] = [];
  for (const section of inner.split("<function=").slice(1)) {
    const nameEnd = section.indexOf(">");
    if (nameEnd === -1) continue;
    const args: Record<string, unknown> = {};
    for (const parameter of section
      .slice(nameEnd + 1)
      .split("<parameter=")
      .slice(1)) {
      const keyEnd = parameter.indexOf(">");
      if (keyEnd === -1) continue;
      const valueEnd = parameter.indexOf("</parameter>");
      const value = parameter.slice(keyEnd + 1, valueEnd === -1 ? undefined : valueEnd);
      args[unquote(parameter.slice(0, keyEnd))] = readXmlValue(value);
    }
    calls.push({ name: unquote(section.slice(0, nameEnd)), args: JSON.stringify(args) });
  }
  return calls;
}

function unquote(name: string): string {
  return name.trim().replace(/^["']|["']$/g, "");
}

/** Numbers, booleans, lists and objects are written as JSON in this form; everything else is a string. */
function readXmlValue(raw: string): unknown {
  const value = raw.replace(/^\n|\n$/g, "");
  if (!/^\s*(?:-?\d+(?:\.\d+)?|true|false|null|[[{][\s\S]*)\s*$/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

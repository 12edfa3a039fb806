import { renderTable } from "../lib/generated-docs.ts";
import { DATA_TOOLS } from "./data/index.ts";
import { GPU_TOOLS } from "./gpu/index.ts";

interface DocumentedTool {
  readonly name: string;
  readonly description: string;
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean };
}

/** Markdown table of every tool: server, name, what it changes and what it is for. */
export function renderToolTable(): string {
  const rows = [...rowsOf("gpu-ops", GPU_TOOLS), ...rowsOf("data-designer", DATA_TOOLS)];
  return renderTable(["server", "tool", "effect", "purpose"], rows);
}

function rowsOf(server: string, tools: readonly DocumentedTool[]): string[][] {
  return tools.map(({ name, annotations, description }) => [
    `\`${server}\``,
    `\`${name}\``,
    annotations.destructiveHint ? "changes, may destroy" : annotations.readOnlyHint ? "reads" : "changes",
    firstSentence(description),
  ]);
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[.](?=\s|$)/.exec(text)?.[0] ?? text;
}

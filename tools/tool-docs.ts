import { renderTable } from "../lib/generated-docs.ts";
import { GPU_TOOLS } from "./gpu/index.ts";

/** Markdown table of every tool: server, name, what it changes and what it is for. */
export function renderToolTable(): string {
  const rows = GPU_TOOLS.map(({ name, annotations, description }) => [
    "`gpu-ops`",
    `\`${name}\``,
    annotations.destructiveHint ? "changes, may destroy" : annotations.readOnlyHint ? "reads" : "changes",
    firstSentence(description),
  ]);
  return renderTable(["server", "tool", "effect", "purpose"], rows);
}

function firstSentence(text: string): string {
  return /^[\s\S]*?[.](?=\s|$)/.exec(text)?.[0] ?? text;
}

import { ERROR_CODES } from "./errors.ts";
import { SETTINGS } from "./settings.ts";
import type { Setting, SettingGroup } from "./settings/setting.ts";

const GROUP_TITLES: Readonly<Record<SettingGroup, string>> = {
  service: "Service",
  model: "Model",
  gpu: "GPU source",
  incidents: "Incidents",
  alerts: "Alerts",
  data: "Datasets",
  mcp: "MCP",
};

function settingsOf(group: SettingGroup): readonly (readonly [string, Setting])[] {
  return (Object.entries(SETTINGS) as [string, Setting][]).filter(([, setting]) => setting.group === group);
}

/** `.env.example`: every setting commented out with its default, under its group. */
export function renderEnvExample(): string {
  const groups = (Object.keys(GROUP_TITLES) as SettingGroup[]).map((group) => {
    const lines = settingsOf(group).map(
      ([name, { description, shownDefault, isSecret }]) =>
        `# ${description.replaceAll("`", "")}${isSecret ? ` Or ${name}_FILE=/path.` : ""}\n#${name}=${shownDefault}\n`,
    );
    return `## ${GROUP_TITLES[group]}\n\n${lines.join("\n")}`;
  });
  return `# Every setting with its default. None is needed to run. Export them, or load a copy of this file with\n# node --env-file.\n\n${groups.join("\n")}`;
}

/** Markdown tables of all settings, one a group. */
export function renderSettingsTables(): string {
  return (Object.keys(GROUP_TITLES) as SettingGroup[])
    .map((group) => {
      const rows = settingsOf(group).map(([name, { description, shownDefault, isSecret }]) => [
        `\`${name}\``,
        shownDefault === "" ? "" : `\`${shownDefault}\``,
        `${description}${isSecret ? ` Or \`${name}_FILE\`.` : ""}`,
      ]);
      return `**${GROUP_TITLES[group]}**\n\n${renderTable(["setting", "default", "meaning"], rows)}`;
    })
    .join("\n\n");
}

/** Markdown table of the error codes. */
export function renderErrorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, retryable, title }]) => [
    `\`${code}\``,
    String(status),
    retryable ? "yes" : "no",
    title,
  ]);
  return renderTable(["code", "status", "try again", "meaning"], rows);
}

/** A Markdown table with padded cells, as prettier writes it. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_cell, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(cells[0] ?? []), rule, ...cells.slice(1).map(line)].join("\n");
}

/**
 * Replaces what stands between `<!-- name:start -->` and `<!-- name:end -->`. Throws when the document has no such
 * place, so that a list cannot silently stop being kept.
 */
export function fillSection(document: string, name: string, content: string): string {
  const start = `<!-- ${name}:start -->`;
  const end = `<!-- ${name}:end -->`;
  const from = document.indexOf(start);
  const to = document.indexOf(end);
  if (from === -1 || to < from) throw new Error(`no section ${name}: expected ${start} … ${end}`);
  return `${document.slice(0, from + start.length)}\n\n${content}\n\n${document.slice(to)}`;
}

import { Action } from "../../../engine/gpu/vocabulary.ts";
import type { DiagnosticResultWire, EventsResult, IncidentsResult, ListGpusResult, XidResult } from "../results.ts";
import { actionText, sentence } from "./text-words.ts";

export function describeXid(entry: XidResult): string {
  if (!entry.known) {
    return `**XID ${entry.xid}** is not in the catalogue. Keep the log line and watch for more; nothing should be reset or rebooted because of an unknown code alone.`;
  }
  const name = entry.mnemonic ? ` (${entry.mnemonic})` : "";
  const action = Action.safeParse(entry.action);
  const buckets = [...new Set([entry.immediate, entry.investigate].filter((bucket) => bucket))];
  const lines = [
    `**XID ${entry.xid}**${name}, ${entry.severity}, component ${entry.component}`,
    sentence(entry.meaning),
    `**What to do:** ${action.success ? actionText(action.data) : entry.action}.${action.data === "NONE" ? " Keep the line for the record." : ""}`,
    entry.stateful_rule ? `**It depends on what came with it:** ${sentence(entry.stateful_rule)}` : "",
    `NVIDIA's bucket${buckets.length === 1 ? "" : "s"}: ${buckets.join(", then ") || "none"}. Seen on ${entry.generations.join(", ") || "generations that are not listed"}.${entry.source === "" ? "" : ` Source: ${sentence(entry.source)}`}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

export function describeIncidents(search: ReturnType<typeof IncidentsResult.parse>): string {
  if (search.no_close_match || search.results.length === 0) {
    return `No close match among ${search.total_incidents_in_db} incidents for "${search.query}".`;
  }
  const lines = search.results.map((incident) => {
    const steps = incident.remediation.slice(0, 3).map((step) => `  - ${step}`);
    return [`- **${incident.id} ${incident.title}** (${incident.severity}): ${incident.root_cause}`, ...steps].join(
      "\n",
    );
  });
  return [
    `Closest of ${search.total_incidents_in_db} incidents to "${search.query.slice(0, 200)}", best first:`,
    ...lines,
  ].join("\n");
}

export function describeEvents(result: ReturnType<typeof EventsResult.parse>): string {
  if (result.events.length === 0) return "The kernel log holds no such GPU events.";
  const lines = result.events.map((event) => `- \`${event.raw.replaceAll("`", "'").slice(0, 240)}\``);
  const left = result.total - result.events.length;
  return [
    `${result.total} GPU event${result.total === 1 ? "" : "s"}${left > 0 ? `, the latest ${result.events.length}` : ""}:`,
    ...lines,
    ...(result.simulated ? ["", "This node is simulated."] : []),
  ].join("\n");
}

export function describeInventory(result: ReturnType<typeof ListGpusResult.parse>): string {
  if (result.gpus.length === 0) return "No GPU is visible on this node.";
  const lines = result.gpus.map((gpu) => {
    const memory = gpu.memory_total_gb ? `, ${gpu.memory_total_gb} GB` : "";
    return `- GPU ${gpu.gpu_id}: ${gpu.name ?? "unknown model"}${memory}${gpu.pci ? `, ${gpu.pci}` : ""}${gpu.status ? `, ${gpu.status}` : ""}`;
  });
  const node = result.node?.id ? ` on ${result.node.id}` : "";
  return [
    `${result.gpus.length} GPU${result.gpus.length === 1 ? "" : "s"}${node}:`,
    ...lines,
    ...(result.simulated ? ["", "This node is simulated."] : []),
  ].join("\n");
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  pass: "passed",
  fail: "failed",
  warn: "passed with warnings",
  measured: "was measured, not judged",
  skipped: "was skipped",
  refused: "was refused for safety",
  unavailable: "cannot run here",
  aborted: "was aborted",
};

export function describeDiagnostic(result: DiagnosticResultWire): string {
  const details = Object.entries(result.details)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key.replaceAll("_", " ")}: ${String(value)}`)
    .slice(0, 8);
  const head = `**${result.test}** on GPU ${result.gpu_id} ${OUTCOME_WORDS[result.outcome] ?? result.outcome} (${result.mode}, ${result.duration_seconds} s${result.simulated ? ", simulated" : ""}).`;
  // The head says that it is simulated already.
  const conclusion = sentence(result.conclusion.replace(/^Simulated: (.)/, (_, first: string) => first.toUpperCase()));
  return [head, conclusion, details.length === 0 ? "" : `- ${details.join("; ")}`]
    .filter((line) => line !== "")
    .join("\n");
}

import type { DiagnosticResultWire, EventsResult, IncidentsResult, ListGpusResult, XidResult } from "../results.ts";

export function describeXid(entry: XidResult): string {
  if (!entry.known) {
    return `**XID ${entry.xid}** is not in the catalogue. Keep the log line and watch for more; nothing should be reset or rebooted because of an unknown code alone.`;
  }
  const name = entry.mnemonic ? ` (${entry.mnemonic})` : "";
  const lines = [
    `**XID ${entry.xid}**${name}: ${entry.meaning}`,
    `- severity ${entry.severity}, component ${entry.component}`,
    `- immediate action: ${entry.action}${entry.immediate ? ` (NVIDIA: ${entry.immediate})` : ""}`,
    entry.investigate && entry.investigate !== entry.immediate ? `- then: ${entry.investigate}` : "",
    entry.stateful_rule ? `- depends on what came with it: ${entry.stateful_rule}` : "",
    entry.generations.length > 0 ? `- seen on: ${entry.generations.join(", ")}` : "",
    entry.source === "" ? "" : `- source: ${entry.source}`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

export function describeIncidents(search: ReturnType<typeof IncidentsResult.parse>): string {
  if (search.no_close_match || search.results.length === 0) {
    return `No close match among ${search.total_incidents_in_db} incidents for "${search.query}".`;
  }
  const lines = search.results.map((incident) => {
    const steps = incident.remediation.slice(0, 3).map((step) => `  - ${step}`);
    return [
      `- **${incident.id} ${incident.title}** (${incident.severity}, similarity ${incident.similarity_score}): ${incident.root_cause}`,
      ...steps,
    ].join("\n");
  });
  return [`Closest of ${search.total_incidents_in_db} incidents:`, ...lines].join("\n");
}

export function describeEvents(result: ReturnType<typeof EventsResult.parse>): string {
  if (result.events.length === 0) return "The kernel log holds no such GPU events.";
  const lines = result.events.map((event) => `- \`${event.raw.replaceAll("`", "'").slice(0, 240)}\``);
  const left = result.total - result.events.length;
  return [
    `${result.total} GPU events${left > 0 ? `, the latest ${result.events.length}` : ""}:`,
    ...lines,
    ...(result.simulated ? ["", "This node is simulated."] : []),
  ].join("\n");
}

export function describeGpus(result: ReturnType<typeof ListGpusResult.parse>): string {
  if (result.gpus.length === 0) return "No GPU is visible on this node.";
  const lines = result.gpus.map((gpu) => {
    const memory = gpu.memory_total_gb ? `, ${gpu.memory_total_gb} GB` : "";
    return `- GPU ${gpu.gpu_id}: ${gpu.name ?? "unknown model"}${memory}${gpu.pci ? `, ${gpu.pci}` : ""}${gpu.status ? `, ${gpu.status}` : ""}`;
  });
  const node = result.node?.id ? ` on ${result.node.id}` : "";
  return [
    `${result.gpus.length} GPUs${node}:`,
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
    .map(([key, value]) => `${key} ${String(value)}`)
    .slice(0, 8);
  const head = `**${result.test}** on GPU ${result.gpu_id} ${OUTCOME_WORDS[result.outcome] ?? result.outcome} (${result.mode}, ${result.duration_seconds} s${result.simulated ? ", simulated" : ""}).`;
  return [head, result.conclusion, details.length === 0 ? "" : `- ${details.join(", ")}`]
    .filter((line) => line !== "")
    .join("\n");
}

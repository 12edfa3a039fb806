import { table } from "./table.ts";
import { type Style, type Terminal, printable } from "./terminal.ts";
import type { Health, WireAssessment, WireReport } from "./wire.ts";

const STYLES: Readonly<Record<string, Style>> = {
  healthy: "green",
  info: "cyan",
  warning: "yellow",
  critical: "red",
};

export function severityText(terminal: Terminal, severity: string): string {
  return terminal.style(STYLES[severity] ?? "yellow", severity);
}

const SIMULATED = "simulated node: nothing here was measured";

/** Whoever reads a simulated state must not take it for a machine of theirs. */
export function simulatedNote(terminal: Terminal, isSimulated: boolean): void {
  if (isSimulated) terminal.out(terminal.style("magenta", SIMULATED));
}

/** Node, GPUs and verdict. */
export function healthText(health: Health, terminal: Terminal): string {
  const { node, summary, assessment } = health;
  const name = node?.hostname ?? node?.id ?? "node";
  const driver = node?.driver_version == null ? "" : `, driver ${node.driver_version}`;
  const lines = [
    `${terminal.style("bold", printable(name))}  ${summary.total_gpus} GPUs${printable(driver)}  ${severityText(terminal, summary.overall_status)}`,
    table(
      health.gpus,
      [
        { title: "gpu", value: (gpu) => gpu.gpu_id, align: "right" },
        { title: "name", value: (gpu) => gpu.name },
        { title: "temp", value: (gpu) => withUnit(gpu.temperature_c, "C"), align: "right" },
        { title: "util", value: (gpu) => withUnit(gpu.utilization_pct, "%"), align: "right" },
        { title: "power", value: (gpu) => share(gpu.power_draw_w, gpu.power_limit_w, "W"), align: "right" },
        { title: "memory", value: (gpu) => share(gpu.memory_used_gb, gpu.memory_total_gb, "GB"), align: "right" },
        { title: "clock", value: (gpu) => withUnit(gpu.clock_speed_mhz, "MHz"), align: "right" },
        { title: "status", value: (gpu) => gpu.status },
        { title: "issues", value: (gpu) => gpu.issues.join("; ") },
      ],
      terminal.columns,
    ),
    "",
    assessmentText(assessment, terminal),
  ];
  return lines.join("\n");
}

/** Verdict, cause, findings with their evidence, and what to do, in this order. */
export function assessmentText(assessment: WireAssessment, terminal: Terminal): string {
  const { verdict, severity, root_cause, summary, findings, actions, uncertainties } = assessment;
  const lines = [`${terminal.style("bold", verdict)}  ${severityText(terminal, severity)}`, printable(summary)];
  if (!summary.includes(root_cause.replace(/\.$/, ""))) lines.push(`cause: ${printable(root_cause)}`);
  for (const finding of findings) {
    const where = finding.gpu == null ? (finding.pci ?? "node") : `GPU ${finding.gpu}`;
    lines.push(
      `  ${severityText(terminal, finding.severity)} ${where} ${finding.rule}: ${printable(finding.title ?? "")} → ${finding.action}`,
    );
    lines.push(...finding.evidence.slice(0, 3).map((quote) => terminal.style("dim", `      ${printable(quote)}`)));
    if (finding.evidence.length > 3) lines.push(terminal.style("dim", `      … ${finding.evidence.length - 3} more`));
  }
  lines.push(`do: ${actions.join(", then ")}`);
  lines.push(...uncertainties.map((line) => `unsure: ${printable(line)}`));
  return lines.join("\n");
}

/** Most quotations and plan steps below an answer, which tells the same at length; `--json` has them all. */
const MAX_SHOWN = 6;

/**
 * The agent's report, below its answer: what was decided, on what ground, and what comes next. The offline policy writes
 * its answer from the same report, so that only the decision is repeated there; a model may have left out anything.
 */
export function reportText(report: WireReport, terminal: Terminal): string {
  const isShort = report.answered_by?.startsWith("offline policy") === true;
  const lines: string[] = [];
  const add = (label: string, text: string): void => {
    lines.push(`${terminal.style("bold", label.padEnd(11))} ${printable(text)}`);
  };
  const addList = (label: string, texts: readonly string[]): void => {
    texts.slice(0, MAX_SHOWN).forEach((text, at) => add(at === 0 ? label : "", text));
    if (texts.length > MAX_SHOWN) add("", `… ${texts.length - MAX_SHOWN} more with --json`);
  };
  if (report.verdict != null) {
    const severity = severityText(terminal, report.severity ?? "info");
    lines.push(`${terminal.style("bold", "verdict".padEnd(11))} ${report.verdict}  ${severity}`);
  }
  if (!isShort) {
    if (report.root_cause != null && report.root_cause !== "") add("cause", report.root_cause);
    addList("evidence", report.evidence);
  }
  if (report.actions.length > 0) add("do", report.actions.join(", then "));
  if (!isShort) {
    addList(
      "plan",
      report.remediation.map((step, at) => {
        const approval = step.needs_approval === true ? " (needs approval)" : "";
        return `${at + 1}. ${step.title ?? step.action ?? "step"}${approval}`;
      }),
    );
    if (report.incidents.length > 0) {
      add("incidents", report.incidents.map(({ id, title }) => (title == null ? id : `${id} ${title}`)).join("; "));
    }
  }
  addList(
    "alert",
    report.alerts.map(({ alert_id, outcome, title }) => [alert_id, outcome, title].filter(Boolean).join(" ")),
  );
  if (!isShort) addList("unsure", report.uncertainties);
  addList("note", report.notes);
  if (report.answered_by != null) add("answered by", report.answered_by);
  if (report.simulated === true) lines.push(terminal.style("magenta", SIMULATED));
  return lines.join("\n");
}

function withUnit(value: number | null | undefined, unit: string): string | null {
  return value == null ? null : `${round(value)} ${unit}`;
}

function share(value: number | null | undefined, total: number | null | undefined, unit: string): string | null {
  if (value == null) return null;
  return total == null ? `${round(value)} ${unit}` : `${round(value)}/${round(total)} ${unit}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

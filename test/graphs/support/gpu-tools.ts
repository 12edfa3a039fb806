import { ServiceError } from "../../../lib/errors.ts";
import type { ToolClient, ToolDescription, ToolOutcome } from "../../../mcp/client/tool-client.ts";

type Args = Readonly<Record<string, unknown>>;
type Wire = Record<string, unknown>;

/** What the node behind the tools has; everything they answer follows from it. */
export interface NodeState {
  readonly assessment: Wire;
  readonly simulated: boolean;
  readonly gpuCount: number;
  readonly id: string;
}

export interface GpuTools extends ToolClient {
  /** Every call in the order it began. */
  readonly calls: readonly { readonly name: string; readonly args: Args }[];
  readonly alerts: ReadonlyMap<string, Wire>;
  /** Calls that ran at the same time, at most. */
  readonly maxConcurrent: () => number;
  setNode(node: Partial<NodeState>): void;
  /** Makes a tool fail: with an error result, or by throwing. */
  fail(name: string, how: ServiceError | string): void;
}

export const FINDING = {
  rule: "clocks.locked_low",
  component: "clocks",
  host: null,
  gpu: 2,
  pci: "0000:5e:00.0",
  xid: null,
  sxid: null,
  severity: "warning",
  verdict: "driver",
  title: "SM clock held far below its maximum",
  evidence: ["gpu 2 smClockMhz: 345 of 1980 MHz at 98 % utilisation"],
  action: "RESTORE_CLOCKS",
  source: "NVML clocks event reasons",
  count: 1,
  caused_by: null,
};

export const STUCK_CLOCK: Wire = {
  verdict: "driver",
  severity: "warning",
  summary: "GPU 2 runs at 345 MHz while it is fully used.",
  root_cause: "An application clock was left behind on GPU 2.",
  primary: FINDING.rule,
  actions: ["RESTORE_CLOCKS", "WATCH"],
  forbidden_actions: ["REBOOT_NODE"],
  findings: [FINDING],
  uncertainties: [],
  gpus: [2],
  simulated: true,
};

export const HEALTHY: Wire = {
  verdict: "healthy",
  severity: "info",
  summary: "All 4 GPUs are within their limits.",
  root_cause: "",
  primary: null,
  actions: ["NONE"],
  forbidden_actions: [],
  findings: [],
  uncertainties: [],
  gpus: [],
  simulated: true,
};

const READ_ONLY = new Set([
  "gpu_health_check",
  "list_gpus",
  "read_gpu_events",
  "analyze_gpu_log",
  "lookup_xid",
  "search_incidents",
  "list_alerts",
  "propose_remediation",
]);
const NAMES = [...READ_ONLY, "run_diagnostic", "generate_alert", "update_alert"];

/** The eleven tools over a node that is a plain value: an alert that was raised can be listed, acknowledged and closed. */
export function createGpuTools(initial: Partial<NodeState> = {}): GpuTools {
  let node: NodeState = { assessment: STUCK_CLOCK, simulated: true, gpuCount: 4, id: "gpu-node-01", ...initial };
  const calls: { name: string; args: Args }[] = [];
  const alerts = new Map<string, Wire>();
  const failures = new Map<string, ServiceError | string>();
  let running = 0;
  let mostRunning = 0;

  const tools: Readonly<Record<string, (args: Args) => Wire>> = {
    gpu_health_check: ({ gpu_id: gpuId }) => {
      if (typeof gpuId === "number" && gpuId >= node.gpuCount) {
        throw new ServiceError("gpu_not_found", `no GPU ${gpuId}; ids are 0 to ${node.gpuCount - 1}`);
      }
      const ids = typeof gpuId === "number" ? [gpuId] : Array.from({ length: node.gpuCount }, (_, index) => index);
      return {
        gpus: ids.map((id) => ({ gpu_id: id, name: "NVIDIA H100", status: "healthy", issues: [], temperature_c: 50 })),
        summary: { total_gpus: ids.length },
        assessment: { ...node.assessment, simulated: node.simulated },
        node: { id: node.id, hostname: node.id, driver_version: "570.0", origin: "simulated" },
        simulated: node.simulated,
      };
    },
    list_gpus: () => ({
      node: { id: node.id, hostname: node.id, origin: "simulated" },
      gpus: Array.from({ length: node.gpuCount }, (_, id) => ({ gpu_id: id, name: "NVIDIA H100", status: "healthy" })),
      simulated: node.simulated,
    }),
    read_gpu_events: () => ({ events: [], total: 0, returned: 0, skipped_lines: 0, simulated: node.simulated }),
    analyze_gpu_log: ({ log }) => ({
      assessment: { ...node.assessment, simulated: false },
      xids: [],
      total_lines: String(log).split("\n").length,
      skipped_lines: 0,
      hosts: [],
      simulated: false,
    }),
    lookup_xid: ({ xid }) => ({
      xid,
      known: xid === 79,
      mnemonic: null,
      meaning: xid === 79 ? "The GPU has fallen off the bus" : "",
      component: "pcie",
      severity: "critical",
      action: "REBOOT_NODE",
      immediate: "RESTART_BM",
      investigate: "CHECK_MECHANICALS",
      generations: [],
      stateful_rule: null,
      source: "NVIDIA XID catalogue",
      simulated: false,
    }),
    search_incidents: ({ query }) => ({
      query,
      results: [{ id: "I13", title: "Clocks left low", severity: "warning", root_cause: "x", similarity_score: 0.71 }],
      total_incidents_in_db: 26,
      no_close_match: false,
      method: "lexical",
    }),
    run_diagnostic: ({ test_name: test, gpu_id: gpuId, mode }) => ({
      test,
      gpu_id: gpuId ?? 0,
      passed: true,
      outcome: "pass",
      mode: mode ?? "quick",
      duration_seconds: 10,
      details: {},
      conclusion: "no error",
      ran_as: "simulated",
      simulated: node.simulated,
    }),
    generate_alert: (args) => {
      const id = `NEMOPS-0000000${alerts.size}`;
      alerts.set(id, {
        alert_id: id,
        fingerprint: id,
        status: "open",
        count: 1,
        snoozed_until: null,
        severity: args["severity"],
        title: args["title"],
        node: args["node"] ?? "gpu-node-01",
        gpu: args["gpu_id"] ?? null,
        rule: args["rule"] ?? null,
        component: args["component"] ?? null,
      });
      return { alert: alerts.get(id), dispatched: false, outcome: "created", notifications: [], message: "" };
    },
    list_alerts: () => ({ alerts: [...alerts.values()], total: alerts.size }),
    update_alert: ({ alert_id: id, action }) => {
      const alert = alerts.get(String(id));
      if (alert === undefined) throw new ServiceError("alert_not_found", `no alert ${String(id)}`);
      const status = { acknowledge: "acknowledged", snooze: "snoozed", close: "closed" }[String(action)];
      alerts.set(String(id), { ...alert, status });
      return { alert: alerts.get(String(id)) };
    },
    propose_remediation: ({ actions }) => ({
      plan_id: "plan-1",
      steps: [
        {
          order: 1,
          action: Array.isArray(actions) ? String(actions[0]) : "NONE",
          title: "Restore the clocks",
          command: "nvidia-smi -i 2 -rac",
          risk: "low",
          needs_approval: true,
          verification: "clocks rise",
        },
      ],
      forbidden_actions: [],
      notes: [],
      simulated: node.simulated,
    }),
  };

  async function call(name: string, args: Args): Promise<ToolOutcome> {
    calls.push({ name, args });
    running += 1;
    mostRunning = Math.max(mostRunning, running);
    // Lets calls that were started together overlap.
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    const failure = failures.get(name);
    if (failure instanceof ServiceError) throw failure;
    if (failure !== undefined) return { isError: true, text: failure };
    try {
      const structured = tools[name]?.(args) ?? {};
      return { isError: false, text: JSON.stringify(structured), structured };
    } catch (error) {
      if (error instanceof ServiceError) return { isError: true, text: error.message };
      throw error;
    }
  }

  return {
    calls,
    alerts,
    maxConcurrent: () => mostRunning,
    setNode: (change) => void (node = { ...node, ...change }),
    fail: (name, how) => void failures.set(name, how),
    listTools: () => Promise.resolve(NAMES.map(describe)),
    call,
    close: () => Promise.resolve(),
  };
}

function describe(name: string): ToolDescription {
  return {
    server: "gpu-ops",
    name,
    description: `The ${name} tool.`,
    inputSchema: { type: "object", properties: {} },
    isReadOnly: READ_ONLY.has(name),
    isDestructive: false,
    isIdempotent: READ_ONLY.has(name),
  };
}

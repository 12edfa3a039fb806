import type { Tool } from "../define-tool.ts";
import { analyzeGpuLog } from "./analyze-gpu-log.ts";
import type { GpuToolContext } from "./context.ts";
import { generateAlert } from "./generate-alert.ts";
import { gpuHealthCheck } from "./gpu-health-check.ts";
import { listAlerts } from "./list-alerts.ts";
import { listGpus } from "./list-gpus.ts";
import { lookupXid } from "./lookup-xid.ts";
import { proposeRemediation } from "./propose-remediation.ts";
import { readGpuEvents } from "./read-gpu-events.ts";
import { runDiagnostic } from "./run-diagnostic.ts";
import { searchIncidents } from "./search-incidents.ts";
import { updateAlert } from "./update-alert.ts";

/** The tools of the MCP server `gpu-ops`, in the order an investigation tends to use them. */
export const GPU_TOOLS: readonly Tool<GpuToolContext>[] = [
  gpuHealthCheck,
  listGpus,
  readGpuEvents,
  analyzeGpuLog,
  lookupXid,
  searchIncidents,
  runDiagnostic,
  proposeRemediation,
  generateAlert,
  listAlerts,
  updateAlert,
];

import { allResults, latestAssessment, latestResult } from "../find-results.ts";
import { EventsResult, HealthCheckResult, IncidentsResult, ListGpusResult, XidResult } from "../results.ts";
import { incidentQuery } from "./diagnosis.ts";
import { healthArgs } from "./flow-health.ts";
import { stateLine } from "./text-diagnosis.ts";
import { describeEvents, describeIncidents, describeInventory, describeXid } from "./text-lookups.ts";
import { describeValues } from "./text-values.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { type PolicyView, describeFailure, wasCalled } from "./view.ts";

function failed(view: PolicyView, tool: string, what: string): string {
  return `${what}: ${describeFailure(view, tool)}`;
}

export const xidFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "explain_xid") return say();
  if (!wasCalled(view, "lookup_xid")) {
    return callTools(...intent.xids.map((xid) => ["lookup_xid", { xid }] as const));
  }
  const entries = allResults(view.done, "lookup_xid", XidResult);
  return entries.length === 0
    ? say(failed(view, "lookup_xid", "The XID could not be looked up"))
    : say(...entries.map(describeXid));
};

/** NVSwitch codes have no lookup: past incidents may help, and the whole line of the log does. */
export const sxidFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "explain_sxid") return say();
  const query = `NVSwitch SXid ${intent.sxid}`;
  if (!wasCalled(view, "search_incidents")) return callTools(["search_incidents", { query, top_k: 3 }]);
  const result = latestResult(view.done, "search_incidents", IncidentsResult);
  return say(
    `SXid ${intent.sxid} is an error of an NVSwitch. I cannot look one up by its number alone, because what it means depends on the rest of its record: paste the kernel log lines, and I say whether it is fatal and what to do.`,
    result === undefined || result.no_close_match
      ? undefined
      : describeIncidents({ ...result, results: result.results.slice(0, 1) }),
  );
};

/** Searches for the user's words; "have we seen this before?" searches for what was found last. */
export const searchFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "search_incidents") return say();
  if (!wasCalled(view, "search_incidents")) {
    const found = latestAssessment(view.thread);
    const query = intent.query !== "" ? intent.query : found && incidentQuery(found.assessment);
    if (query !== undefined && query !== "") return callTools(["search_incidents", { query, top_k: 3 }]);
    if (!wasCalled(view, "gpu_health_check")) return callTools(["gpu_health_check", {}]);
    return say("Nothing is wrong at the moment that could be searched for. Describe the symptoms to search for.");
  }
  const result = latestResult(view.done, "search_incidents", IncidentsResult);
  return result === undefined
    ? say(failed(view, "search_incidents", "The incidents could not be searched"))
    : say(describeIncidents(result));
};

export const eventsFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "show_events") return say();
  if (!wasCalled(view, "read_gpu_events")) {
    const gpu = intent.gpuIds.length === 1 ? intent.gpuIds[0] : undefined;
    return callTools(["read_gpu_events", { gpu_id: gpu, xid: intent.xid, node: intent.node, limit: 20 }]);
  }
  const result = latestResult(view.done, "read_gpu_events", EventsResult);
  return result === undefined
    ? say(failed(view, "read_gpu_events", "The events could not be read"))
    : say(describeEvents(result));
};

/** Values and versions take one look; a fault that it shows is named and left for the next question. */
export const readValuesFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "read_values") return say();
  if (!wasCalled(view, "gpu_health_check")) return callTools(["gpu_health_check", healthArgs(view)]);
  const health = latestResult(view.done, "gpu_health_check", HealthCheckResult);
  const found = latestAssessment(view.done);
  if (health === undefined) return say(failed(view, "gpu_health_check", "The GPUs could not be read"));
  const isFine = found === undefined || found.assessment.verdict === "healthy";
  return say(
    ...describeValues(health, intent.gpuIds),
    isFine ? undefined : `Not all is well: ${stateLine(found.assessment)} Ask "why?" or "what should I do?".`,
  );
};

export const listGpusFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "list_gpus") return say();
  if (!wasCalled(view, "list_gpus")) return callTools(["list_gpus", { node: intent.node }]);
  const result = latestResult(view.done, "list_gpus", ListGpusResult);
  return result === undefined
    ? say(failed(view, "list_gpus", "The GPUs could not be listed"))
    : say(describeInventory(result));
};

import {
  EventsResult,
  IncidentsResult,
  ListGpusResult,
  XidResult,
  allResults,
  latestAssessment,
  latestResult,
} from "../results.ts";
import { incidentQuery } from "./diagnosis.ts";
import { describeEvents, describeGpus, describeIncidents, describeXid } from "./text-lookups.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { type PolicyView, failureOf, wasCalled } from "./view.ts";

function failed(view: PolicyView, tool: string, what: string): string {
  return `${what}: ${failureOf(view, tool) ?? "the tool gave no answer"}.`;
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

export const listGpusFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "list_gpus") return say();
  if (!wasCalled(view, "list_gpus")) return callTools(["list_gpus", { node: intent.node }]);
  const result = latestResult(view.done, "list_gpus", ListGpusResult);
  return result === undefined
    ? say(failed(view, "list_gpus", "The GPUs could not be listed"))
    : say(describeGpus(result));
};

/** What each group of routes is about, in the order in which they are shown. */
export const TAGS: Readonly<Record<string, string>> = {
  assistants: "A graph with the config and context of its runs, in versions.",
  threads: "Conversations: the states of a graph, kept between runs, with their history.",
  runs: "Executions of a graph, on a thread or without one: waited for, streamed, joined, stopped.",
  protocol: "The thread-centric protocol: commands, and the events of all runs of a thread on one stream or socket.",
  crons: "Runs that the clock starts.",
  store: "The long-term store that graphs see: documents by namespace and key.",
  system: "Probes, versions and metrics.",
  gpu: "The GPU tools over plain HTTP: nodes, health, events and diagnostics.",
  alerts: "The alert book.",
  incidents: "Past incidents, found by what a fault looks like.",
  datasets: "Making synthetic datasets and reading them.",
  "data designer":
    "The API of the NeMo Data Designer service, version 1.4.0, for its clients. Failures have its shape.",
  mcp: "The tools as MCP servers over streamable HTTP.",
};

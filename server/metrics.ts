import { monitorEventLoopDelay } from "node:perf_hooks";

import type { FastifyInstance } from "fastify";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

import type { RunObserver } from "./runs/finish-run.ts";

export interface Metrics extends RunObserver {
  readonly registry: Registry;
  /** Counts an open event stream until the returned function is called. */
  onStreamOpen(): () => void;
}

const HTTP_BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const RUN_BUCKETS_S = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300];

/** One registry per app, so that several apps can live in one process. */
export function createMetrics(app: FastifyInstance, queue: () => { depth: number; runningCount: number }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const http = new Histogram({
    name: "nemops_http_request_duration_seconds",
    help: "Time from the request to the end of the response, by route pattern.",
    labelNames: ["method", "route", "status"],
    buckets: HTTP_BUCKETS_S,
    registers,
  });
  const runs = new Counter({
    name: "nemops_runs_total",
    help: "Runs that ended, by graph and status.",
    labelNames: ["graph_id", "status"],
    registers,
  });
  const runDuration = new Histogram({
    name: "nemops_run_duration_seconds",
    help: "Time from the acceptance of a run to its end.",
    labelNames: ["graph_id"],
    buckets: RUN_BUCKETS_S,
    registers,
  });
  const streams = new Gauge({ name: "nemops_sse_clients", help: "Open event streams.", registers });
  void new Gauge({
    name: "nemops_run_queue_depth",
    help: "Accepted runs that wait for a slot or for their thread.",
    registers,
    collect() {
      this.set(queue().depth);
    },
  });
  void new Gauge({
    name: "nemops_runs_active",
    help: "Runs being executed.",
    registers,
    collect() {
      this.set(queue().runningCount);
    },
  });
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  void new Gauge({
    name: "nemops_event_loop_lag_seconds",
    help: "Delay of the event loop since the last scrape, by quantile.",
    labelNames: ["quantile"],
    registers,
    collect() {
      for (const quantile of [0.5, 0.99]) this.set({ quantile }, lag.percentile(quantile * 100) / 1e9);
      lag.reset();
    },
  });
  void new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the process.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });

  app.addHook("onResponse", async (request, reply) => {
    // The pattern, not the URL: ids would make a time series of every request.
    const route = request.routeOptions.url ?? "unknown";
    http.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
  app.addHook("onClose", async () => {
    lag.disable();
  });

  return {
    registry,
    onRunEnd({ graphId, status, durationMs }) {
      runs.inc({ graph_id: graphId, status });
      runDuration.observe({ graph_id: graphId }, durationMs / 1000);
    },
    onStreamOpen() {
      streams.inc();
      return () => streams.dec();
    },
  };
}

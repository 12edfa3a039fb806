import { z } from "zod";

import { errorMessage } from "../lib/errors.ts";
import type { Connection } from "./connection.ts";
import { CliError, type ExitName } from "./exit-codes.ts";
import { AlertChange, AlertList, Diagnostic, Events, GpuList, Health, IncidentSearch, NodeList } from "./wire.ts";

export interface GpuSelector {
  readonly node?: string;
  readonly gpu?: number;
}

/** The service's own routes. Every method rejects with a CliError whose exit status says what went wrong. */
export interface Service {
  nodes(): Promise<NodeList>;
  gpus(selector: GpuSelector): Promise<GpuList>;
  health(selector: GpuSelector): Promise<Health>;
  events(selector: GpuSelector & { xid?: number; limit?: number }): Promise<Events>;
  diagnose(request: GpuSelector & { test: string; mode: string }): Promise<Diagnostic>;
  alerts(filter: { status?: string; limit?: number }): Promise<AlertList>;
  updateAlert(id: string, action: string, body: Readonly<Record<string, unknown>>): Promise<AlertChange>;
  searchIncidents(query: string, topK: number): Promise<IncidentSearch>;
  incident(id: string): Promise<Readonly<Record<string, unknown>>>;
  addIncident(incident: unknown): Promise<Readonly<Record<string, unknown>>>;
}

const AnyObject = z.record(z.string(), z.unknown());

export function createService(connection: Connection, signal: AbortSignal): Service {
  const get = <Shape extends z.ZodType>(shape: Shape, path: string, query: Query = {}): Promise<z.output<Shape>> =>
    callService(connection, signal, shape, `${path}${queryText(query)}`);
  const post = <Shape extends z.ZodType>(shape: Shape, path: string, body: unknown): Promise<z.output<Shape>> =>
    callService(connection, signal, shape, path, { method: "POST", body: JSON.stringify(body) });
  return {
    nodes: () => get(NodeList, "/api/v1/gpu/nodes"),
    gpus: ({ node }) => get(GpuList, "/api/v1/gpu/gpus", { node }),
    health: ({ node, gpu }) => get(Health, "/api/v1/gpu/health", { node, gpu_id: gpu }),
    events: ({ node, gpu, xid, limit }) => get(Events, "/api/v1/gpu/events", { node, gpu_id: gpu, xid, limit }),
    diagnose: ({ node, gpu, test, mode }) =>
      post(Diagnostic, "/api/v1/gpu/diagnostics", { test_name: test, gpu_id: gpu, mode, node }),
    alerts: ({ status, limit }) => get(AlertList, "/api/v1/alerts", { status, limit }),
    updateAlert: (id, action, body) =>
      post(AlertChange, `/api/v1/alerts/${encodeURIComponent(id)}/${encodeURIComponent(action)}`, body),
    searchIncidents: (query, topK) => post(IncidentSearch, "/api/v1/incidents/search", { query, top_k: topK }),
    incident: (id) => get(AnyObject, `/api/v1/incidents/${encodeURIComponent(id)}`),
    addIncident: (incident) => post(AnyObject, "/api/v1/incidents", incident),
  };
}

type Query = Readonly<Record<string, string | number | undefined>>;

export function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? "" : `?${search.toString()}`;
}

/** One JSON exchange with the service, checked against `shape`. Rejects with a CliError, or with the reason of the signal. */
export async function callService<Shape extends z.ZodType>(
  connection: Connection,
  signal: AbortSignal,
  shape: Shape,
  path: string,
  init: { method?: string; body?: string } = {},
): Promise<z.output<Shape>> {
  let response: Response;
  let body: unknown;
  try {
    response = await connection.fetch(`${connection.url}${path}`, {
      ...init,
      headers: { ...connection.headers, ...(init.body === undefined ? {} : { "content-type": "application/json" }) },
      signal,
    });
    const text = await response.text();
    body = text === "" ? undefined : JSON.parse(text);
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(connection, error);
  }
  if (!response.ok) throw refusal(response.status, body);
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(
    "failure",
    `${connection.url}${path} answered in an unexpected form: ${z.prettifyError(parsed.error)}`,
  );
}

export function unreachable(connection: Connection, error: unknown): CliError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new CliError("unreachable", `${connection.url} does not answer: ${errorMessage(cause)}`, { cause: error });
}

const Refusal = z.looseObject({ detail: z.unknown().optional(), title: z.string().optional() });

/** The server's own words, and the exit status its HTTP status stands for. */
export function refusal(status: number, body: unknown): CliError {
  const parsed = Refusal.safeParse(body).data;
  const detail = typeof parsed?.detail === "string" ? parsed.detail : parsed?.title;
  return new CliError(exitOfStatus(status), detail ?? `the server answered ${status}`);
}

function exitOfStatus(status: number): ExitName {
  if (status === 401 || status === 403) return "auth";
  if (status === 400 || status === 413 || status === 422) return "usage";
  if (status === 504) return "timeout";
  return "failure";
}

import { z } from "zod";

import { Action, Component, Severity } from "../../../engine/gpu/vocabulary.ts";

export const Incident = z.object({
  /** `I01`… for the shipped patterns, `INC-…` for added ones. */
  id: z.string(),
  title: z.string(),
  severity: Severity,
  component: Component,
  symptoms: z.string(),
  root_cause: z.string(),
  /** Steps in order. */
  remediation: z.array(z.string()),
  prevention: z.string(),
  /** The same in canonical actions, the immediate one first. */
  actions: z.array(Action).default([]),
  xid_codes: z.array(z.number().int()),
  sources: z.array(z.string()),
});
export type Incident = z.infer<typeof Incident>;

/** What `add` takes: without an id the next free `INC-…` is given. */
export const NewIncident = Incident.extend({ id: z.string().min(1).max(64).optional() });
export type NewIncident = z.infer<typeof NewIncident>;

export interface IncidentHit {
  readonly incident: Incident;
  /** Cosine similarity of the dense vectors, or the scaled lexical score without them; 0 to 1, three digits. */
  readonly similarity: number;
  /** Why it was found. */
  readonly matchedBy: readonly ("xid" | "dense" | "lexical")[];
}

export interface IncidentSearch {
  readonly hits: readonly IncidentHit[];
  /** Nothing reached the threshold; `hits` is then empty. */
  readonly isNoCloseMatch: boolean;
  readonly total: number;
  /** `hybrid`, or `lexical` when dense vectors are off or failed. */
  readonly method: "hybrid" | "lexical";
}

/** Past incidents by meaning, words and XID. One contract suite holds for the embedded index and for Chroma. */
export interface IncidentIndex {
  search(query: string, options: { topK: number; signal?: AbortSignal }): Promise<IncidentSearch>;
  get(id: string): Promise<Incident | undefined>;
  list(): Promise<readonly Incident[]>;
  /** Stores the incident so that it survives a restart. Throws `already_exists` when the id is taken. */
  add(incident: NewIncident): Promise<Incident>;
  close(): Promise<void>;
}

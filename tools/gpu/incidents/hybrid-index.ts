import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import type { Log } from "../../../lib/log.ts";
import type { Embedder } from "./embedder.ts";
import type { Incident, IncidentIndex, IncidentSearch } from "./incident.ts";
import type { IncidentStore } from "./incident-store.ts";
import { createLexicalIndex } from "./lexical.ts";
import { rankIncidents, xidsInQuery } from "./rank.ts";
import { type IndexedIncident, incidentSegments, toIncident } from "./seed-incidents.ts";
import { shippedVector } from "./shipped-vectors.ts";
import type { VectorIndex, VectorRow } from "./vector-index.ts";

/** Segments looked at per search; more than one incident's worth, so that one record cannot fill the answer. */
const SEGMENTS = 64;
/** A question longer than this is cut: the encoder's time grows with the text, and a symptom fits. */
const QUERY_CHARACTERS = 2_000;

export interface HybridIndexOptions {
  readonly seeds: readonly IndexedIncident[];
  readonly store: IncidentStore;
  /** Absent: lexical search only. */
  readonly dense?: { readonly embedder: Embedder; readonly vectors: VectorIndex };
  readonly log: Log;
}

/**
 * Lexical search, dense vectors and exact XIDs over the shipped and the added incidents. When the dense half fails the
 * search goes on with words alone and says so in `method`; the next search tries the dense half again.
 */
export function createHybridIndex({ seeds, store, dense, log }: HybridIndexOptions): IncidentIndex {
  const incidents = new Map([...seeds, ...store.list()].map((incident) => [incident.id, incident]));
  const lexical = createLexicalIndex([...incidents.values()]);
  let indexed: Promise<void> | undefined;

  const toRows = async (incident: IndexedIncident, embedder: Embedder): Promise<readonly VectorRow[]> => {
    const segments = incidentSegments(incident);
    const known = segments.map((text) => shippedVector(embedder.id, text) ?? store.vector(embedder.id, text));
    const missing = segments.filter((_text, position) => known[position] === undefined);
    const made = missing.length > 0 ? await embedder.embed(missing) : [];
    const fresh = missing.flatMap((text, position) => {
      const vector = made[position];
      return vector ? [{ text, vector }] : [];
    });
    store.saveVectors(embedder.id, fresh);
    const byText = new Map(fresh.map(({ text, vector }) => [text, vector]));
    return segments.flatMap((text, position) => {
      const vector = known[position] ?? byText.get(text);
      return vector ? [{ id: `${incident.id}:${position}`, incidentId: incident.id, text, vector }] : [];
    });
  };

  const indexAll = async ({ embedder, vectors }: NonNullable<typeof dense>): Promise<void> => {
    const rows: VectorRow[] = [];
    for (const incident of incidents.values()) rows.push(...(await toRows(incident, embedder)));
    await vectors.upsert(rows);
  };

  const searchDense = async (query: string, signal?: AbortSignal): Promise<ReadonlyMap<string, number> | undefined> => {
    if (!dense) return undefined;
    try {
      indexed ??= indexAll(dense);
      await indexed;
      const [vector] = await dense.embedder.embed([query], signal);
      return vector ? await dense.vectors.nearest(vector, SEGMENTS) : undefined;
    } catch (error) {
      signal?.throwIfAborted();
      indexed = undefined;
      log.warn({ error: errorMessage(error) }, "incident vectors failed, searching by words");
      return undefined;
    }
  };

  return {
    async search(query, { topK, signal }): Promise<IncidentSearch> {
      const question = query.trim().slice(0, QUERY_CHARACTERS);
      if (question === "")
        throw new ServiceError(
          "invalid_input",
          'query is empty; describe the symptom, for example "GPU fell off the bus"',
        );
      if (!Number.isInteger(topK) || topK < 1) {
        throw new ServiceError("invalid_input", `top_k must be a whole number of at least 1, got ${topK}`);
      }
      const similar = await searchDense(question, signal);
      const named = xidsInQuery(question);
      const byXid = new Map<string, number>();
      for (const { id, xid_codes } of incidents.values()) {
        const count = xid_codes.filter((code) => named.includes(code)).length;
        if (count > 0) byXid.set(id, count);
      }
      const ranked = rankIncidents({
        ids: [...incidents.keys()],
        lexical: lexical.search(question),
        dense: similar,
        byXid,
      });
      const hits = ranked.slice(0, topK).flatMap(({ id, similarity, matchedBy }) => {
        const incident = incidents.get(id);
        return incident ? [{ incident: toIncident(incident), similarity, matchedBy }] : [];
      });
      return {
        hits,
        isNoCloseMatch: hits.length === 0,
        total: incidents.size,
        method: similar ? "hybrid" : "lexical",
      };
    },

    async get(id) {
      const incident = incidents.get(id);
      return incident ? toIncident(incident) : undefined;
    },

    async list() {
      return [...incidents.values()].map(toIncident);
    },

    async add(added): Promise<Incident> {
      const id = added.id ?? nextId(incidents.keys());
      if (incidents.has(id)) {
        throw new ServiceError("already_exists", `incident ${id} exists already; choose another id or leave it out`);
      }
      const incident: IndexedIncident = { search_terms: [], ...added, id };
      store.insert(incident);
      incidents.set(id, incident);
      lexical.add(incident);
      // The dense index takes it up with the next search: an embedder that is down must not lose the incident.
      indexed = undefined;
      return toIncident(incident);
    },

    async close() {
      await dense?.embedder.close();
      store.close();
    },
  };
}

/** `INC-001`, … : one above the highest number in use. */
function nextId(ids: Iterable<string>): string {
  let highest = 0;
  for (const id of ids) highest = Math.max(highest, Number(/^INC-(\d+)$/.exec(id)?.[1] ?? 0));
  return `INC-${String(highest + 1).padStart(3, "0")}`;
}

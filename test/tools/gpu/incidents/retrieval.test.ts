import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadConfig } from "../../../../lib/config.ts";
import { createLog } from "../../../../lib/log.ts";
import { createIncidentIndex } from "../../../../tools/gpu/incidents/create-index.ts";
import type { IncidentIndex } from "../../../../tools/gpu/incidents/incident.ts";
import { incidentSegments, seedIncidents } from "../../../../tools/gpu/incidents/seed-incidents.ts";
import queries from "../../../fixtures/incidents/queries.json" with { type: "json" };

interface Scores {
  hit1: number;
  hit3: number;
  mrr: number;
  noMatchPrecision: number;
}

async function measure(index: IncidentIndex, set: typeof queries.test, unrelated: readonly string[]): Promise<Scores> {
  let hit1 = 0;
  let hit3 = 0;
  let reciprocal = 0;
  for (const { query, expect: expected } of set) {
    const { hits } = await index.search(query, { topK: 10 });
    const rank = hits.findIndex(({ incident }) => expected.includes(incident.id));
    if (rank === 0) hit1 += 1;
    if (rank >= 0 && rank < 3) hit3 += 1;
    if (rank >= 0) reciprocal += 1 / (rank + 1);
  }
  let refused = 0;
  for (const query of unrelated) {
    if ((await index.search(query, { topK: 3 })).isNoCloseMatch) refused += 1;
  }
  const round = (value: number): number => Math.round(value * 1_000) / 1_000;
  return {
    hit1: round(hit1 / set.length),
    hit3: round(hit3 / set.length),
    mrr: round(reciprocal / set.length),
    noMatchPrecision: round(refused / unrelated.length),
  };
}

describe("incident retrieval", () => {
  const indexes: IncidentIndex[] = [];
  let hybrid: IncidentIndex;
  let lexical: IncidentIndex;
  beforeAll(async () => {
    const log = createLog({ level: "silent" });
    const open = async (environment: NodeJS.ProcessEnv): Promise<IncidentIndex> => {
      const index = await createIncidentIndex({ config: loadConfig(environment).incidents, home: ":memory:", log });
      indexes.push(index);
      return index;
    };
    hybrid = await open({});
    lexical = await open({ EMBEDDINGS_PROVIDER: "none" });
  });
  afterAll(() => Promise.all(indexes.map((index) => index.close())));

  it("has 60 questions none of which stands in the corpus", () => {
    const corpus = new Set(
      seedIncidents()
        .flatMap((incident) => [...incidentSegments(incident), ...incident.remediation, incident.prevention])
        .map((segment) =>
          segment
            .toLowerCase()
            .replaceAll(/[^a-z0-9]+/g, " ")
            .trim(),
        ),
    );
    expect(queries.test).toHaveLength(60);
    expect(queries.unrelated_test).toHaveLength(20);
    for (const { query } of queries.test) {
      expect(corpus).not.toContain(
        query
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, " ")
          .trim(),
      );
    }
    expect(new Set(queries.test.flatMap(({ expect: expected }) => expected)).size).toBe(26);
  });

  it("puts the right pattern first for four in five and among three for nineteen in twenty", async () => {
    const scores = await measure(hybrid, queries.test, queries.unrelated_test);
    process.stdout.write(`retrieval, hybrid, 60 + 20 questions: ${JSON.stringify(scores)}\n`);
    expect(scores.hit1).toBeGreaterThanOrEqual(0.8);
    expect(scores.hit3).toBeGreaterThanOrEqual(0.95);
    expect(scores.mrr).toBeGreaterThanOrEqual(0.85);
    expect(scores.noMatchPrecision).toBeGreaterThanOrEqual(0.9);
  });

  it("stays useful by words alone", async () => {
    const scores = await measure(lexical, queries.test, queries.unrelated_test);
    process.stdout.write(`retrieval, lexical, 60 + 20 questions: ${JSON.stringify(scores)}\n`);
    expect(scores.hit1).toBeGreaterThanOrEqual(0.7);
    expect(scores.hit3).toBeGreaterThanOrEqual(0.85);
    expect(scores.noMatchPrecision).toBeGreaterThanOrEqual(0.9);
  });
});

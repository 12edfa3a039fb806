import { describe, expect, it } from "vitest";

import { rankIncidents, xidsInQuery } from "../../../../tools/gpu/incidents/rank.ts";

describe("XIDs in a question", () => {
  it.each<[string, number[]]>([
    ["what is xid 79", [79]],
    ["Xid: 48 and 63 on GPU 5", [48, 63]],
    ["XIDs 48, 63, then 94", [48, 63, 94]],
    ["xid 48 then xid 63", [48, 63]],
    ["NVRM: Xid (PCI:0000:3b:00): 119, pid=1234", [119]],
    ["xid=31", [31]],
    ["GPU 79 is slow", []],
    ["the hexid 5 tool", []],
    ["79 degrees", []],
  ])("%s", (query, expected) => {
    expect(xidsInQuery(query)).toEqual(expected);
  });
});

describe("ranking", () => {
  const ids = ["A", "B", "C"];

  it("puts an incident that names the XID before a better text match", () => {
    const ranked = rankIncidents({
      ids,
      lexical: [{ id: "A", score: 300 }],
      dense: new Map([
        ["A", 0.9],
        ["B", 0.2],
      ]),
      byXid: new Map([["B", 1]]),
    });
    expect(ranked.map(({ id }) => id)).toEqual(["B", "A"]);
    expect(ranked[0]).toEqual({ id: "B", similarity: 0.2, matchedBy: ["xid"] });
  });

  it("answers nothing when no incident has enough evidence", () => {
    const weak = { ids, lexical: [{ id: "A", score: 8 }], dense: new Map([["A", 0.45]]), byXid: new Map() };
    expect(rankIncidents(weak)).toEqual([]);
  });

  it("names runners-up only beside a match", () => {
    const dense = new Map([
      ["A", 0.8],
      ["B", 0.4],
      ["C", 0.1],
    ]);
    const lexical = [
      { id: "A", score: 120 },
      { id: "B", score: 30 },
    ];
    expect(rankIncidents({ ids, lexical, dense, byXid: new Map() }).map(({ id }) => id)).toEqual(["A", "B"]);
  });

  it("keeps the order of equals stable", () => {
    const dense = new Map([
      ["C", 0.7],
      ["A", 0.7],
      ["B", 0.7],
    ]);
    const lexical = ids.map((id) => ({ id, score: 100 }));
    expect(rankIncidents({ ids: ["C", "B", "A"], lexical, dense, byXid: new Map() }).map(({ id }) => id)).toEqual(ids);
  });
});

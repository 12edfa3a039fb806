import { describe, expect, it } from "vitest";

import { systemClock } from "../../lib/clock.ts";
import { ERROR_CODES, ServiceError, errorMessage } from "../../lib/errors.ts";
import { fillSection, renderTable } from "../../lib/generated-docs.ts";
import { uuid5 } from "../../lib/ids.ts";
import { createLog } from "../../lib/log.ts";
import { hash32, seededRandom } from "../../lib/random.ts";
import { Secret } from "../../lib/secret.ts";

describe("errors", () => {
  it("have a client or server status each, and only passing faults are worth another try", () => {
    for (const [code, { status, retryable, title }] of Object.entries(ERROR_CODES)) {
      expect(status, code).toBeGreaterThanOrEqual(400);
      expect(status, code).toBeLessThan(600);
      expect(title, code).not.toBe("");
      if (status === 400 || status === 404) expect(retryable, code).toBe(false);
    }
  });

  it("keep their cause and say what they are about", () => {
    const cause = new Error("disk full");
    const error = new ServiceError("storage_failed", "cannot write", { cause, data: { path: "/x" } });
    expect(error).toMatchObject({ name: "ServiceError", cause, retryable: true, data: { path: "/x" }, problems: [] });
    expect(errorMessage(error)).toBe("cannot write");
    expect(errorMessage(new TypeError())).toBe("TypeError");
    expect(errorMessage("plain")).toBe("plain");
  });
});

describe("log lines", () => {
  it("carry level, time and fields, and no credential", () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
    log.info(
      { run_id: "r1", headers: { "x-api-key": "k", authorization: "Bearer k" }, apiKey: new Secret("k") },
      "run start",
    );
    log.debug("not written");
    expect(lines).toHaveLength(1);
    const record = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
    expect(record).toMatchObject({ level: "info", run_id: "r1", msg: "run start", apiKey: "[redacted]" });
    expect(record["headers"]).toEqual({ "x-api-key": "[redacted]", authorization: "[redacted]" });
  });
});

describe("ids", () => {
  it("derive the assistant of a graph as every LangGraph server does", () => {
    // The published id of the graph "agent".
    expect(uuid5("agent", "6ba7b821-9dad-11d1-80b4-00c04fd430c8")).toBe("fe096781-5601-53d2-b2f6-0d3403f7e9ca");
  });
});

describe("seeded random numbers", () => {
  it("repeat for a seed, differ between seeds and fill [0, 1) evenly", () => {
    const draw = (seed: number | string): number[] => Array.from({ length: 10_000 }, seededRandom(seed));
    expect(draw(7)).toEqual(draw(7));
    expect(draw("node-1")).not.toEqual(draw("node-2"));
    const values = draw(1);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // 10,000 draws: the mean of uniform numbers lies within 0.01 of one half but for one seed in 1,800.
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0.5, 1);
    expect(hash32("a")).not.toBe(hash32("b"));
  });
});

describe("the clock", () => {
  it("stops waiting when it is told to", async () => {
    const controller = new AbortController();
    const waiting = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
  });
});

describe("generated documents", () => {
  it("escape what would break a table and refuse a document without the place", () => {
    expect(renderTable(["a"], [["x|y"]])).toBe("| a    |\n| ---- |\n| x\\|y |");
    expect(fillSection("<!-- t:start -->old<!-- t:end -->", "t", "new")).toBe(
      "<!-- t:start -->\n\nnew\n\n<!-- t:end -->",
    );
    expect(() => fillSection("nothing here", "t", "new")).toThrow("no section t");
  });
});

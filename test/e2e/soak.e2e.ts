import { expect, it } from "vitest";

import { soak } from "../../bench/soak.ts";

it("loses and doubles no event when readers leave and come back, and its memory finds a level", async () => {
  const result = await soak({ threads: 60, clients: 16, minutes: 0.4, leaving: 0.3 });
  expect(result).toMatchObject({ lost: 0, doubled: 0, problems: [] });
  expect(result.runs).toBeGreaterThan(100);
  expect(result.returns).toBeGreaterThan(20);
  // A run this short has not warmed up fully; a leak of its events would be a multiple of this.
  expect(result.endMib).toBeLessThan(result.warmMib * 1.5);
});

import path from "node:path";

import { type Clock, systemClock } from "../../../../../lib/clock.ts";
import { createLog } from "../../../../../lib/log.ts";
import { seededRandom } from "../../../../../lib/random.ts";
import type { EmbeddedDesignerOptions } from "../../../../../tools/data/designer/embedded/embedded-designer.ts";

export function designerOptions(home: string, clock: Clock = systemClock): EmbeddedDesignerOptions {
  const random = seededRandom("designer");
  return {
    home,
    seedFolder: path.join(home, "seeds"),
    maxJobs: 2,
    maxRows: 1_000_000,
    services: { clock, random },
    defaultModel: "model-of-the-test",
    clock,
    random,
    log: createLog({ level: "silent" }),
    workerCount: 1,
  };
}

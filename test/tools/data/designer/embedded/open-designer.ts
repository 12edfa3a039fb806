import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type Clock, systemClock } from "../../../../../lib/clock.ts";
import { createLog } from "../../../../../lib/log.ts";
import { seededRandom } from "../../../../../lib/random.ts";
import {
  type EmbeddedDesignerOptions,
  createEmbeddedDesigner,
} from "../../../../../tools/data/designer/embedded/embedded-designer.ts";
import type { DataDesigner } from "../../../../../tools/data/designer/designer.ts";
import { OFFLINE_TEXT_LABEL } from "../../../../../engine/data/text/offline-text.ts";

export interface EmbeddedHome {
  readonly home: string;
  /** Opens one more designer over the home. */
  open(options?: Partial<EmbeddedDesignerOptions>): DataDesigner;
  /** Closes all that were opened and removes the home. */
  cleanUp(): Promise<void>;
}

export function designerOptions(home: string, clock: Clock = systemClock): EmbeddedDesignerOptions {
  const random = seededRandom("designer");
  return {
    home,
    seedFolder: path.join(home, "seeds"),
    maxJobs: 2,
    maxRows: 1_000_000,
    services: { clock, random },
    settings: { modelConfigs: [], modelProviders: [], textModel: OFFLINE_TEXT_LABEL },
    clock,
    random,
    log: createLog({ level: "silent" }),
    workerCount: 1,
  };
}

export function openHome(): EmbeddedHome {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-designer-"));
  const opened: DataDesigner[] = [];
  return {
    home,
    open(options = {}) {
      const designer = createEmbeddedDesigner({ ...designerOptions(home, options.clock), ...options });
      opened.push(designer);
      return designer;
    },
    async cleanUp() {
      for (const designer of opened) await designer.close();
      rmSync(home, { recursive: true });
    },
  };
}

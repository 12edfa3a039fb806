import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { pino } from "pino";

import type { Clock } from "../../lib/clock.ts";
import { seededRandom } from "../../lib/random.ts";
import type { DataDesigner } from "../../tools/data/designer/designer.ts";
import { type NemoDesignerOptions, createNemoDesigner } from "../../tools/data/designer/nemo/nemo-designer.ts";
import { type NemoService, type NemoServiceOptions, startNemoService } from "./nemo-service.ts";

export interface NemoFixture {
  readonly service: NemoService;
  readonly designer: DataDesigner;
  readonly home: string;
  /** What was waited for, in milliseconds. */
  readonly sleeps: number[];
  /** Lines of the log, as JSON. */
  readonly logged: string[];
  /** Another client of the same service and home. */
  readonly open: (options?: Partial<NemoDesignerOptions>) => DataDesigner;
  close(): Promise<void>;
}

/** A service with a client whose waits take no time. */
export async function openNemo(
  options: NemoServiceOptions & { readonly client?: Partial<NemoDesignerOptions> } = {},
): Promise<NemoFixture> {
  const { client, ...serviceOptions } = options;
  const service = await startNemoService(serviceOptions);
  const home = mkdtempSync(path.join(tmpdir(), "nemops-nemo-"));
  const sleeps: number[] = [];
  const logged: string[] = [];
  let nowMs = Date.UTC(2026, 0, 2);
  const clock: Clock = {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      sleeps.push(ms);
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
  const log = pino({ level: "debug" }, { write: (line) => void logged.push(line) });
  const open: NemoFixture["open"] = (more = {}) =>
    createNemoDesigner({
      baseUrl: service.baseUrl,
      dialect: "auto",
      workspace: "default",
      home,
      clock,
      random: seededRandom(1),
      log,
      ...client,
      ...more,
    });
  return {
    service,
    designer: open(),
    home,
    sleeps,
    logged,
    open,
    close: async () => {
      await service.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { type Row, tableRows } from "../../../../../engine/data/table-rows.ts";
import {
  type EmbeddedDesignerOptions,
  createEmbeddedDesigner,
} from "../../../../../tools/data/designer/embedded/embedded-designer.ts";
import { PARQUET_FOLDER, batchName, readMetadata } from "../../../../../tools/data/dataset-job/metadata.ts";
import { decodeParquet } from "../../../../../tools/data/writers/parquet.ts";
import type { DataDesigner } from "../../../../../tools/data/designer/designer.ts";
import { designerOptions } from "./designer-options.ts";

/** All rows of a dataset in order. */
export async function datasetRows(designer: DataDesigner, id: string): Promise<Row[]> {
  const folder = await designer.datasetFolder(id);
  const metadata = await readMetadata(folder);
  return (metadata?.row_groups ?? []).flatMap((group) =>
    tableRows(decodeParquet(readFileSync(path.join(folder, PARQUET_FOLDER, batchName(group.id))))),
  );
}

/** Turns of the event loop that `waitUntil` waits at most. */
const MAX_TURNS = 1_000_000;

export async function waitUntil(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it never came to that");
}

export interface EmbeddedHome {
  readonly home: string;
  /** Opens one more designer over the home. */
  open(options?: Partial<EmbeddedDesignerOptions>): DataDesigner;
  /** Closes all that were opened and removes the home. */
  cleanUp(): Promise<void>;
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

import { parentPort, workerData } from "node:worker_threads";

import type { Design } from "../../../engine/data/design/design.ts";
import type { Table } from "../../../engine/data/table.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { prepareRowGroups } from "./prepare.ts";
import type { RowGroupResult, RowGroupTask } from "./row-group.ts";

/** What a thread needs to make any row group of a job; plain data. */
export interface WorkerSetup {
  readonly design: Design;
  readonly seed: number | string;
  readonly seedRows?: Table;
  readonly folder: string;
}

export type WorkerAnswer =
  { readonly result: RowGroupResult } | { readonly error: { readonly code: string | null; readonly message: string } };

if (parentPort !== null) {
  const port = parentPort;
  // What createWorkerPool passed.
  const prepared = prepareRowGroups(workerData as WorkerSetup);
  port.on("message", (task: RowGroupTask) => {
    void answer(task).then((message) => port.postMessage(message));
  });
  const answer = async (task: RowGroupTask): Promise<WorkerAnswer> => {
    try {
      return { result: await (await prepared).run(task) };
    } catch (error) {
      return { error: { code: error instanceof ServiceError ? error.code : null, message: errorMessage(error) } };
    }
  };
}

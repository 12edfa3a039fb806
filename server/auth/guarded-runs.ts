import type { RunManager } from "../runs/run-manager.ts";
import { currentAccess, withUser } from "./access.ts";

/** The run manager as routes see it: a run that is started knows its caller, and stays off threads the caller may not see. */
export function guardRuns(runs: RunManager): RunManager {
  return {
    ...runs,
    // A getter, so that the copy shows the queue as it is.
    get queue() {
      return runs.queue;
    },
    async create(request) {
      const access = currentAccess();
      if (access === undefined) return runs.create(request);
      if (request.threadId !== undefined) await access.authorizer.checkThread(access, request.threadId);
      const body = { ...request.body, config: withUser(request.body.config, access.caller) };
      return runs.create({ ...request, body });
    },
  };
}

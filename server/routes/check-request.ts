import { ServiceError } from "../../lib/errors.ts";
import { checkRun } from "../runs/prepare-run.ts";
import { checkWebhook } from "../runs/webhook.ts";
import type { RunCreate } from "../schemas/run.ts";
import type { Assistant } from "../store/assistants.ts";
import type { Thread } from "../store/threads.ts";
import type { RouteContext } from "./context.ts";

export interface CheckedRequest {
  readonly body: RunCreate;
  readonly assistant: Assistant;
  /** Thread of a run that starts at another time, when the thread may be in any state. */
  readonly thread?: Thread | undefined;
}

/** Gives what throws `invalid_input` for a run that could never start, where the run itself is started later. */
export function createRequestCheck({
  graphs,
  webhookRules,
}: Pick<RouteContext, "graphs" | "webhookRules">): (request: CheckedRequest) => void {
  return ({ body, assistant, thread }) => {
    const graph = graphs.static(assistant.graphId);
    checkRun(body, {
      isNewThread: thread === undefined,
      // What a busy thread will wait for when the run starts nobody knows yet.
      ...(thread === undefined ? {} : { thread: { ...thread, status: "busy" } }),
      ...(graph === undefined ? {} : { graph }),
    });
    if (body.webhook != null) checkWebhook(body.webhook, webhookRules);
  };
}

/** What `work` throws, with its fields named as those of the item at this place of a list. */
export async function atIndex<Result>(index: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.problems.length === 0) throw error;
    const problems = error.problems.map(({ field, message }) => ({ field: `${index}.${field}`, message }));
    const detail = problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
    throw new ServiceError(error.code, detail, { problems, cause: error });
  }
}

import { AIMessage } from "@langchain/core/messages";

import { currentTurn, readExchanges } from "../conversation.ts";
import { hasCalls } from "../reason.ts";
import { changesDesign } from "./offline-policy/view.ts";
import type { DataDesignerState } from "./state.ts";

/** Tools whose answer says whether the design as it is can be made. */
const CHECKS: ReadonlySet<string> = new Set(["validate_config", "preview_data", "finalize_submission", "create_job"]);

/**
 * Adds the check that is missing when a model changes the design and ends its turn without one: the model sees what is
 * wrong and speaks again. Happens at most once a turn of the user.
 */
export function withMissingCheck(answer: AIMessage, state: DataDesignerState): AIMessage {
  if (hasCalls(answer)) return answer;
  const turn = currentTurn(state.messages);
  const done = readExchanges(turn);
  const changedAt = done.findLastIndex((exchange) => changesDesign(exchange) && !exchange.isError);
  const isChecked = done.slice(changedAt + 1).some(({ name }) => CHECKS.has(name));
  const wasAdded = done.some(({ callId }) => callId.startsWith(ADDED_CALL));
  if (changedAt === -1 || isChecked || wasAdded) return answer;
  return new AIMessage({
    ...(answer.id === undefined ? {} : { id: answer.id }),
    content: answer.content,
    response_metadata: answer.response_metadata,
    tool_calls: [{ type: "tool_call", id: `${ADDED_CALL}${state.messages.length}`, name: "validate_config", args: {} }],
  });
}

const ADDED_CALL = "call_check_";

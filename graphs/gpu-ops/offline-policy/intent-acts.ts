import type { Action } from "../../../engine/gpu/vocabulary.ts";
import type { IntentRule } from "./intent-rule.ts";
import { withNode } from "./intent-rule.ts";
import { findGpuIds } from "./mentions.ts";

/** Questions and orders about doing something to the machine; the first row that fits names the action. */
const ACTS: readonly (readonly [RegExp, Action])[] = [
  [/\b(?:drain|cordon)\w*\b/i, "DRAIN_RESET"],
  [/\breset\w*\b[^.?!]*\b(?:clocks?|power limit)\b|\brestor\w+\b[^.?!]*\bclocks?\b/i, "RESTORE_CLOCKS"],
  [/\brestart\w*\b[^.?!]*\bfabric ?manager\b/i, "RESTART_FABRIC_MANAGER"],
  [/\b(?:kill|restart|stop)\w*\b[^.?!]*\b(?:jobs?|process(?:es)?|app(?:lication)?|training)\b/i, "RESTART_APP"],
  [/\b(?:reboot|power[ -]?cycl)\w*|\brestart\w*\b[^.?!]*\b(?:node|host|server|machine|it)\b/i, "REBOOT_NODE"],
  [/\brma\b|\b(?:replac\w+|swap\w*|return)\b[^.?!]*\b(?:gpus?|cards?|device|board|it|this|that)\b/i, "RMA_REVIEW"],
  [/\breseat\w*\b/i, "RESEAT"],
  [/\breset\w*\b(?![^.?!]*\b(?:password|counters?)\b)/i, "RESET_GPU"],
  [/\b(?:upgrad|updat|reinstall)\w*\b[^.?!]*\bdrivers?\b/i, "UPDATE_DRIVER"],
];

const ORDER =
  /^(?:please |can you |could you |go ahead and |now |just )*(?:drain|cordon|reset|restore|restart|reboot|power|kill|stop|upgrade|update|reinstall|reseat|rma|replace|swap)\b/i;
const QUESTION =
  /^(?:and |but |so |ok(?:ay)?,? )*(?:(?:is|would) (?:it|that) (?:be )?(?:safe|ok|okay|fine|wise|better|enough|necessary|a good idea)|(?:can|could|may|should|must|shall|do|would) (?:i|we)(?: (?:need|have) to)?|will (?:a|an|the)?|does (?:it|this|the \w+) need|(?:is|would) an?)\b/i;

function findAct(question: string): Action | undefined {
  return ACTS.find(([pattern]) => pattern.test(question))?.[1];
}

/** "reboot the node" */
export const orderAct: IntentRule = (question) => {
  if (!ORDER.test(question)) return undefined;
  const action = findAct(question);
  return action && withNode({ kind: "act" as const, action, gpuIds: findGpuIds(question) }, question);
};

/** "is it safe to reboot?", "should I replace the card?" */
export const judgeAct: IntentRule = (question) => {
  if (!QUESTION.test(question)) return undefined;
  const action = findAct(question);
  return (
    action &&
    withNode({ kind: "act" as const, action, gpuIds: findGpuIds(question), isQuestion: true as const }, question)
  );
};

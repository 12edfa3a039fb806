import type { Severity } from "../../../engine/gpu/vocabulary.ts";
import { type IntentRule, withNode } from "./intent-rule.ts";
import { findAlertId, findGpuIds, findMinutes } from "./mentions.ts";

const ASKS_TO_SEE =
  /^(?:please |can you |could you )?(?:show|list|what|which|are|is|any|get|give|display|how many|do we)\b/i;

function findSeverity(question: string): Severity | undefined {
  if (/\b(?:critical|urgent|p1|p2|sev-?1)\b/i.test(question)) return "critical";
  if (/\b(?:warning|warn|p3)\b/i.test(question)) return "warning";
  return /\b(?:info|informational|p5)\b/i.test(question) ? "info" : undefined;
}

const updateAlert: IntentRule = (question) => {
  if (/^(?:how|what|why|when)\b/i.test(question)) return undefined;
  const alertId = findAlertId(question);
  const isAboutAlert = alertId !== undefined || /\b(?:alerts?|it|that|this|them|page)\b/i.test(question);
  const verb = /\b(?:(ack(?:nowledge)?d?)|(snooze|silence|mute|quiet)|(close|resolve|dismiss))\b/i.exec(question);
  if (verb === null || (!isAboutAlert && question.split(" ").length > 3)) return undefined;
  const action = verb[1] ? "acknowledge" : verb[2] ? "snooze" : "close";
  const minutes = findMinutes(question);
  const isEvery = alertId === undefined && /\b(?:all|every|both|each)\b/i.test(question);
  const hasUnclearTime = minutes === undefined && /\b(?:until|till|tomorrow|tonight|next)\b/i.test(question);
  return {
    kind: "update_alert",
    action,
    ...(alertId === undefined ? {} : { alertId }),
    ...(minutes === undefined ? {} : { minutes }),
    ...(isEvery ? { isEvery } : {}),
    ...(hasUnclearTime && action === "snooze" ? { hasUnclearTime } : {}),
  };
};

const listAlerts: IntentRule = (question) => {
  if (!/\balerts\b/i.test(question) && !/^(?:any |open )?alerts?\??$/i.test(question)) return undefined;
  if (!ASKS_TO_SEE.test(question) && question.split(" ").length > 4) return undefined;
  const status = /\b(open|acknowledged|snoozed|closed)\b/i.exec(question)?.[1]?.toLowerCase();
  const severity = findSeverity(question);
  return {
    kind: "list_alerts",
    gpuIds: findGpuIds(question),
    ...(status === undefined ? {} : { status }),
    ...(severity === undefined ? {} : { severity }),
  };
};

const raiseAlert: IntentRule = (question) => {
  const raises =
    /\b(?:raise|create|open|send|generate|fire|trigger|file|issue)\b[^.?!]*\b(?:alert|page|ticket)\b/i.test(question) ||
    /^(?:please )?(?:alert|page|notify) (?:me|us|the|on-?call|ops|somebody|someone)\b/i.test(question);
  if (!raises || /\b(?:don't|do not|without)\b/i.test(question)) return undefined;
  const severity = findSeverity(question);
  const subject = /\b(?:alert|page|ticket)\b\s*(?::|about|that|saying|because)\s*(.+)$/i.exec(question)?.[1] ?? "";
  const isOwnSubject = subject
    .replace(/\b(?:the |this |that |it|gpus?|node|\d+|finding|fault|problem|issue)\b/gi, "")
    .trim();
  return withNode(
    {
      kind: "raise_alert" as const,
      gpuIds: findGpuIds(question),
      subject: isOwnSubject.length > 5 ? subject.trim() : "",
      ...(severity === undefined ? {} : { severity }),
    },
    question,
  );
};

const undoAlertChange: IntentRule = (question) =>
  /\b(?:un-?(?:snooze|silence|mute|ack(?:nowledge)?|close)|re-?open)\b/i.test(question)
    ? { kind: "undo_alert_change" }
    : undefined;

/** "show me the alert", "NEMOPS-1A2B3C4D?", "who was told?" */
const showAlert: IntentRule = (question) => {
  const alertId = findAlertId(question);
  const asks =
    /\balert(?:'s)? (?:details?|history|status)\b|\b(?:details?|history|status) (?:of|for|about) (?:the|that|this) alert\b|^(?:please )?(?:show|describe|open|display)(?: me)? (?:the|that|this) alert\b/i.test(
      question,
    ) ||
    /\bwho (?:was|were|has been|have been|is|gets?|got|did you) (?:told|paged|notified|informed|alerted|tell|page|notify)\b|^(?:the )?(?:escalations?|notifications?)\b|\bwas (?:anyone|anybody|someone|somebody|on-?call) (?:told|paged|notified)\b/i.test(
      question,
    );
  if (!asks && (alertId === undefined || question.split(" ").length > 6)) return undefined;
  return { kind: "show_alert", ...(alertId === undefined ? {} : { alertId }) };
};

/** In this order; what changes an alert comes before what shows one. */
export const ALERT_RULES: readonly IntentRule[] = [undoAlertChange, updateAlert, showAlert, listAlerts, raiseAlert];

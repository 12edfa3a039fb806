import type { Action, Severity } from "../../../engine/gpu/vocabulary.ts";
import type { Intent } from "./intent.ts";
import { findAlertId, findGpuIds, findMinutes, findNode, findTest, findXids } from "./mentions.ts";

export interface IntentContext {
  /** What the user asked before this. */
  previous(): Intent | undefined;
}

export type IntentRule = (question: string, context: IntentContext) => Intent | undefined;

const ASKS_TO_SEE =
  /^(?:please |can you |could you )?(?:show|list|what|which|are|is|any|get|give|display|how many|do we)\b/i;

function withNode<Base extends object>(base: Base, question: string): Base & { node?: string } {
  const node = findNode(question);
  return node === undefined ? base : { ...base, node };
}

function findSeverity(question: string): Severity | undefined {
  if (/\b(?:critical|urgent|p1|p2|sev-?1)\b/i.test(question)) return "critical";
  if (/\b(?:warning|warn|p3)\b/i.test(question)) return "warning";
  return /\b(?:info|informational|p5)\b/i.test(question) ? "info" : undefined;
}

function updateAlert(question: string): Intent | undefined {
  if (/^(?:how|what|why|when)\b/i.test(question)) return undefined;
  const alertId = findAlertId(question);
  const isAboutAlert = alertId !== undefined || /\b(?:alerts?|it|that|this|them|page)\b/i.test(question);
  const verb = /\b(?:(ack(?:nowledge)?d?)|(snooze|silence|mute|quiet)|(close|resolve|dismiss))\b/i.exec(question);
  if (verb === null || (!isAboutAlert && question.split(" ").length > 3)) return undefined;
  const action = verb[1] ? "acknowledge" : verb[2] ? "snooze" : "close";
  const minutes = findMinutes(question);
  return {
    kind: "update_alert",
    action,
    ...(alertId === undefined ? {} : { alertId }),
    ...(minutes === undefined ? {} : { minutes }),
  };
}

function listAlerts(question: string): Intent | undefined {
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
}

function raiseAlert(question: string): Intent | undefined {
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
}

function runDiagnostic(question: string): Intent | undefined {
  const named = /\b(?:memory_stress|compute_stress|nvlink_check|pcie_bandwidth|thermal_profile)\b/i.test(question);
  const asksToRun =
    /\b(?:run|start|do|execute|launch|perform|kick off|repeat|try)\b[^.?!]*\b(?:tests?|diag(?:nostic)?s?|stress|profile|benchmark|burn-?in|memtest|bandwidth check|nvlink check|pcie check|self-?test)\b/i.test(
      question,
    );
  const isShortOrder = /^(?:stress|test|benchmark|burn)\b/i.test(question);
  if (!named && !asksToRun && !isShortOrder) return undefined;
  const test = findTest(question);
  const isFull = /\b(?:full|long|thorough|deep|extended|complete|level ?3|r3)\b/i.test(question);
  return withNode(
    {
      kind: "run_diagnostic" as const,
      gpuIds: findGpuIds(question),
      mode: isFull ? ("full" as const) : ("quick" as const),
      ...(test === undefined ? {} : { test }),
    },
    question,
  );
}

function searchIncidents(question: string): Intent | undefined {
  const asks =
    /\b(?:search|find|look (?:for|up)|similar|past|previous|prior|known|earlier)\b[^.?!]*\b(?:incidents?|cases?|outages?|post-?mortems?|patterns?)\b/i.test(
      question,
    ) ||
    /\b(?:seen|had|happened|encountered) (?:this|that|it|anything like (?:this|it)|something like (?:this|it))\b/i.test(
      question,
    );
  if (!asks) return undefined;
  const query = question
    .replace(/\b(?:have|has|did) (?:we|you|anyone|this|that|it)\b|\b(?:seen|had|happened|encountered)\b/gi, " ")
    .replace(
      /\b(?:please|can you|could you|search|find|look (?:for|up)|show|list|me|all|any|the|our|similar|past|previous|prior|known|earlier|incidents?|cases?|outages?|post-?mortems?|patterns?|for|about|with|like|to|this|that|these|before|ever|in|database|base|knowledge|of|on|one|it|something|anything|happen)\b/gi,
      " ",
    )
    .replace(/[?!.,:;]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return { kind: "search_incidents", query };
}

function showEvents(question: string): Intent | undefined {
  const asks =
    /\b(?:show|list|get|read|print|any|recent|latest|what|were there)\b[^.?!]*\b(?:events?|kernel log|dmesg|log lines|xids|xid errors)\b/i.test(
      question,
    ) || /\bxid \d+ (?:happen|occur|logged|in the log)/i.test(question);
  if (!asks) return undefined;
  const xid = findXids(question)[0];
  return withNode(
    { kind: "show_events" as const, gpuIds: findGpuIds(question), ...(xid === undefined ? {} : { xid }) },
    question,
  );
}

function explainXid(question: string): Intent | undefined {
  const xids = findXids(question);
  const isAboutMachine = findGpuIds(question).length > 0 || /\b(?:this|our|my|the) node\b|\bhere\b/i.test(question);
  return xids.length === 0 || isAboutMachine ? undefined : { kind: "explain_xid", xids: xids.slice(0, 5) };
}

const ACTS: readonly (readonly [RegExp, Action])[] = [
  [/\b(?:drain|cordon)\b/i, "DRAIN_RESET"],
  [/\breset\b[^.?!]*\b(?:clocks?|power limit)\b|\brestore\b[^.?!]*\bclocks?\b/i, "RESTORE_CLOCKS"],
  [/\brestart\b[^.?!]*\bfabric ?manager\b/i, "RESTART_FABRIC_MANAGER"],
  [/\b(?:reboot|power[ -]?cycle|restart)\b[^.?!]*\b(?:node|host|server|machine|it)\b/i, "REBOOT_NODE"],
  [/\breset\b[^.?!]*\b(?:gpus?|cards?|device|it)\b/i, "RESET_GPU"],
  [/\b(?:kill|restart|stop)\b[^.?!]*\b(?:jobs?|process(?:es)?|app(?:lication)?|training)\b/i, "RESTART_APP"],
  [/\b(?:upgrade|update|reinstall)\b[^.?!]*\bdrivers?\b/i, "UPDATE_DRIVER"],
];

function act(question: string): Intent | undefined {
  const order =
    /^(?:please |can you |could you |go ahead and |now |just )*(?:drain|cordon|reset|restore|restart|reboot|power|kill|stop|upgrade|update|reinstall)\b/i;
  if (!order.test(question)) return undefined;
  const action = ACTS.find(([pattern]) => pattern.test(question))?.[1];
  return action && withNode({ kind: "act" as const, action, gpuIds: findGpuIds(question) }, question);
}

function listGpus(question: string): Intent | undefined {
  const asks =
    /^(?:please |can you )?(?:list|show|display|give|how many|which|what)\b[^.?!]*\b(?:gpus|gpu inventory|cards|gpu models?)\b/i.test(
      question,
    ) || /^(?:gpus|inventory)\??$/i.test(question);
  if (!asks || SYMPTOMS.test(question)) return undefined;
  return withNode({ kind: "list_gpus" as const }, question);
}

function proposePlan(question: string): Intent | undefined {
  if (!/\b(?:plan|remediat\w+|runbook|playbook)\b/i.test(question)) return undefined;
  return withNode({ kind: "propose_plan" as const, gpuIds: findGpuIds(question) }, question);
}

function explainLast(question: string): Intent | undefined {
  const asks =
    /^(?:but |and )?why(?: is (?:that|it)(?: so)?| not| so)?\s*\??$/i.test(question) ||
    /^(?:how do you know|are you sure|what (?:is the|'s the) (?:evidence|reason)|what evidence|explain(?: (?:that|this|it|yourself))?|show (?:me )?(?:the )?evidence|based on what)\b/i.test(
      question,
    );
  return asks ? { kind: "explain_last" } : undefined;
}

function nextSteps(question: string): Intent | undefined {
  const asks =
    /^(?:so |and |ok,? |okay,? )*(?:what (?:should|do|can|must|shall) (?:i|we) do|what(?:'s| is| are)? (?:the )?next(?: steps?)?|next steps?|what now|now what)\b/i.test(
      question,
    ) || /^(?:so |and )*how (?:do|can|should) (?:i|we) (?:fix|solve|repair|resolve) (?:it|this|that)\b/i.test(question);
  return asks ? { kind: "next_steps", gpuIds: findGpuIds(question) } : undefined;
}

/** "and GPU 1?", "what about the others?", "check again": the question before, about something else or once more. */
function followUp(question: string, context: IntentContext): Intent | undefined {
  const gpuIds = findGpuIds(question);
  const isAboutOthers = /\b(?:others?|rest|all(?: of them)?|whole node|every(?:one| gpu)?)\b/i.test(question);
  const leads = /^(?:and|what about|how about|same for|ok,? and|now|also|then)\b/i.test(question);
  const isBareGpu = gpuIds.length > 0 && question.split(" ").length <= 3;
  const isAgain =
    /^(?:again|(?:re-?)?check(?: it)? again|recheck|re-?run(?: it)?|refresh|once more|try again|and now)\b/i.test(
      question,
    );
  if (!(isAgain || ((leads || isBareGpu) && (gpuIds.length > 0 || isAboutOthers)))) return undefined;
  if (question.split(" ").length > 8) return undefined;
  const previous = context.previous();
  if (previous === undefined) return { kind: "health", gpuIds };
  if (isAgain && gpuIds.length === 0) return REPEATABLE.has(previous.kind) ? previous : { kind: "health", gpuIds };
  return "gpuIds" in previous && REPEATABLE.has(previous.kind) ? { ...previous, gpuIds } : { kind: "health", gpuIds };
}

/** Questions that only look, or that ask for a test: asking them again, or of another GPU, is harmless and meant. */
const REPEATABLE: ReadonlySet<Intent["kind"]> = new Set([
  "health",
  "run_diagnostic",
  "show_events",
  "propose_plan",
  "list_alerts",
  "list_gpus",
  "explain_xid",
  "search_incidents",
] as const);

function help(question: string): Intent | undefined {
  const asks =
    /^(?:hi|hello|hey|good (?:morning|day|evening)|help|thanks?|thank you|who are you|usage)\b[^a-z]*(?:there|nemops|all)?[.!? ]*$/i.test(
      question,
    ) || /\bwhat can you (?:do|answer|help)|how (?:do|can) i use (?:you|this)|what are you\b/i.test(question);
  return asks ? { kind: "help" } : undefined;
}

const SYMPTOMS =
  /\b(?:slow\w*|hot|hotter|overheat\w*|throttl\w*|stuck|hang\w*|hung|crash\w*|fail\w*|fault\w*|broken|dead|lost|missing|bad|sick|wrong|unhealthy|degraded|errors?|degrad\w*|straggl\w*|oom|out of memory|nan|idle)\b/i;
const SUBJECTS =
  /\b(?:gpus?|nodes?|cuda|nvidia\S*|nv-?links?|nvswitch|nccl|xids?|sxids?|ecc|hbm|vram|pci-?e|drivers?|infiniband|ib|fabric|training|train|job|inference|throughput|all-?reduce|clocks?|power|temperatures?|cooling|fans?|cluster|machine|server|hosts?|rank|cards?|health|status|utili[sz]ation|memory|throttl\w*)\b/i;
const ASKS_HEALTH =
  /\b(?:why|what|what's|how|is|are|check|diagnose|debug|investigate|looks?|low|lower|high|higher|drop\w*|weird|strange|status|health|healthy|ok|okay|fine|anything|something|problem|issue|triage|report|tell|find)\b/i;

function health(question: string): Intent | undefined {
  const gpuIds = findGpuIds(question);
  const isAbout = gpuIds.length > 0 || SUBJECTS.test(question);
  const asks = ASKS_HEALTH.test(question) || SYMPTOMS.test(question) || question.split(" ").length <= 3;
  const isCheck =
    /^(?:diagnose|triage|check|health check|health|status|what(?:'s| is) (?:wrong|going on|the problem)|is (?:everything|all) (?:ok|okay|fine|good|healthy))\b/i.test(
      question,
    );
  if (!(isAbout && asks) && !isCheck) return undefined;
  return withNode({ kind: "health" as const, gpuIds }, question);
}

/** Tried in this order; the first that recognises the question decides. Narrow orders come before broad subjects. */
export const INTENT_RULES: readonly IntentRule[] = [
  updateAlert,
  listAlerts,
  raiseAlert,
  searchIncidents,
  runDiagnostic,
  act,
  showEvents,
  explainXid,
  nextSteps,
  proposePlan,
  explainLast,
  followUp,
  help,
  listGpus,
  health,
];

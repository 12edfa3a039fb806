import { type IntentContext, type IntentRule, withNode } from "./intent-rule.ts";
import { judgeAct, orderAct } from "./intent-acts.ts";
import { ALERT_RULES } from "./intent-alerts.ts";
import type { Intent } from "./intent.ts";
import { findGpuIds, findSxid, findTest, findXids, isEveryGpuMeant } from "./mentions.ts";

function runDiagnostic(question: string): Intent | undefined {
  const named = /\b(?:memory_stress|compute_stress|nvlink_check|pcie_bandwidth|thermal_profile)\b/i.test(question);
  const asksToRun =
    /\b(?:run|start|do|execute|launch|perform|kick off|repeat|try)\b[^.?!]*\b(?:tests?|diag(?:nostic)?s?|stress|profile|benchmark|burn-?in|memtest|bandwidth check|nvlink check|pcie check|self-?test)\b/i.test(
      question,
    );
  const isShortOrder = /^(?:stress|test|benchmark|burn)\b/i.test(question);
  if (!named && !asksToRun && !isShortOrder) return undefined;
  const test = findTest(question);
  const name = test === undefined ? findUnknownTest(question) : undefined;
  if (name !== undefined) return { kind: "unknown_test", name };
  const gpuIds = findGpuIds(question);
  const isFull = /\b(?:full|long|thorough|deep|extended|complete|level ?3|r3)\b/i.test(question);
  return withNode(
    {
      kind: "run_diagnostic" as const,
      gpuIds,
      mode: isFull ? ("full" as const) : ("quick" as const),
      ...(test === undefined ? {} : { test }),
      ...(gpuIds.length === 0 && isEveryGpuMeant(question) ? { isEveryGpu: true as const } : {}),
    },
    question,
  );
}

/** Words that stand before "test" without naming one. */
const NO_TEST_NAME =
  /^(?:a|an|the|any|some|another|all|every|each|this|that|these|same|more|it|diag\w*|gpus?|cards?|hardware|health|self|stress|full|quick|short|long|thorough|deep|extended|complete|usual|standard|default|first|next|other|right|new|few|couple|of)$/i;

/** "run the quantum test": a test is named, and it is none there is. */
function findUnknownTest(question: string): string | undefined {
  const name = /\b(?:run|start|do|execute|launch|perform|try)\b(?: (?:a|an|the|me))* ([a-z][\w-]*)[ -]tests?\b/i.exec(
    question,
  )?.[1];
  return name === undefined || NO_TEST_NAME.test(name) ? undefined : name.toLowerCase();
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
    /\b(?:show|list|get|read|print|any|recent|latest|what|(?:were|are) there)\b[^.?!]*\b(?:events?|kernel log|dmesg|log lines|xids|xid errors)\b/i.test(
      question,
    ) ||
    /^(?:please )?(?:show|list)(?: me)?(?: the| all)? errors\b/i.test(question) ||
    /\bxid \d+ (?:happen|occur|logged|in the log)/i.test(question);
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

function explainSxid(question: string): Intent | undefined {
  const sxid = findSxid(question);
  return sxid === undefined || findGpuIds(question).length > 0 ? undefined : { kind: "explain_sxid", sxid };
}

const VALUES =
  /\b(?:temperatures?|temps?|power (?:draw|usage|consumption|limit)|watts|clocks?(?: speeds?)?|memory(?: usage)?|vram|hbm|utili[sz]ation|usage|load|fan speeds?|versions?|driver|cuda)\b/i;

/** "how hot is GPU 2?", "what driver is running?": a value is asked for, and one look at the machine has it. */
function readValues(question: string): Intent | undefined {
  if (/\b(?:wrong|problem|issue|ok|okay|healthy|normal|why)\b/i.test(question)) return undefined;
  const isValueOfGpu = /^gpu\s*#?\d+\s+\w+(?: \w+)?\s*\?*$/i.test(question) && VALUES.test(question);
  const asks =
    (isValueOfGpu && !SYMPTOMS.test(question)) ||
    /^(?:and |so )?how (?:hot|warm|cool|busy|loaded|full)\b/i.test(question) ||
    (!SYMPTOMS.test(question) &&
      /^(?:and |so )?(?:how much|how high|what(?:'s| is| are)?|which|show(?: me)?|get|give(?: me)?|print|read|list)\b/i.test(
        question,
      ) &&
      VALUES.test(question));
  return asks ? withNode({ kind: "read_values" as const, gpuIds: findGpuIds(question) }, question) : undefined;
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
    /^(?:how do you know|are you sure|what (?:is the|'s the) (?:evidence|reason)|what evidence|explain(?: (?:that|this|it|yourself))?(?=\W*$)|summar(?:y|i[sz]e)|show (?:me )?(?:the )?evidence|based on what)\b/i.test(
      question,
    ) ||
    /^(?:is|how) (?:it|this|that|bad|serious|urgent)(?: is (?:it|this|that))?(?: (?:urgent|serious|critical|bad|hardware|software)\b.*)?\s*\?*$/i.test(
      question,
    );
  return asks ? { kind: "explain_last" } : undefined;
}

function nextSteps(question: string): Intent | undefined {
  const asks =
    /^(?:so |and |ok,? |okay,? )*(?:what (?:should|do|can|must|shall) (?:i|we) do|what(?:'s| is| are)? (?:the )?next(?: steps?)?|next steps?|what now|now what)\b/i.test(
      question,
    ) ||
    /^(?:so |and )*how (?:do|can|should) (?:i|we) (?:fix|solve|repair|resolve) (?:it|this|that)\b/i.test(question) ||
    /^(?:please |can you |could you |will you )*(?:fix|solve|repair) (?:it|this|that)\b/i.test(question);
  return asks ? { kind: "next_steps", gpuIds: findGpuIds(question) } : undefined;
}

/** "and GPU 1?", "what about the others?", "check again": the question before, about something else or once more. */
function followUp(question: string, context: IntentContext): Intent | undefined {
  const previous = context.previous();
  const bare = /^(?:and |or |what about |how about )+(?:the )?#?(\d{1,4})\s*\?*$/i.exec(question)?.[1];
  if (bare !== undefined && previous?.kind === "explain_xid") return { kind: "explain_xid", xids: [Number(bare)] };
  const gpuIds = bare === undefined || previous === undefined ? findGpuIds(question) : [Number(bare)];
  const isAboutOthers = /\b(?:others?|rest|all(?: of them)?|whole node|every(?:one| gpu)?)\b/i.test(question);
  const leads = /^(?:and|what about|how about|same for|ok,? and|now|also|then)\b/i.test(question);
  const isBareGpu =
    gpuIds.length > 0 && question.split(" ").length <= 3 && !/^[a-z]*(?:check|test|is|stress)\b/i.test(question);
  const isAgain =
    /^(?:again|(?:re-?)?check(?: it)? again|recheck|re-?run(?: it)?|refresh|once more|try again|and now)\b/i.test(
      question,
    );
  if (!(isAgain || ((leads || isBareGpu) && (gpuIds.length > 0 || isAboutOthers)))) return undefined;
  if (question.split(" ").length > 8) return undefined;
  if (previous === undefined) return { kind: "health", gpuIds };
  if (isAgain && gpuIds.length === 0) return REPEATABLE.has(previous.kind) ? previous : { kind: "health", gpuIds };
  if (!("gpuIds" in previous) || !REPEATABLE.has(previous.kind)) return { kind: "health", gpuIds };
  if (previous.kind === "run_diagnostic" && gpuIds.length === 0) return { ...previous, gpuIds, isEveryGpu: true };
  return { ...previous, gpuIds };
}

/** Questions that only look, or that ask for a test: asking them again, or of another GPU, is harmless and meant. */
const REPEATABLE: ReadonlySet<Intent["kind"]> = new Set([
  "health",
  "read_values",
  "run_diagnostic",
  "show_events",
  "propose_plan",
  "list_alerts",
  "list_gpus",
  "explain_xid",
  "search_incidents",
] as const);

/** "what is ECC?", "explain row remapping": about the subject, not about this machine; past incidents say most. */
function defineTerm(question: string): Intent | undefined {
  const term =
    /^(?:what(?:'s| is| are| does)|explain|define)\s+(?:an? |the (?:term )?)?([\w-]+(?: [\w-]+){0,2}?)(?: mean| error)?\s*[?.!]*$/i.exec(
      question,
    )?.[1];
  if (term === undefined || !TERMS.test(term) || findGpuIds(question).length > 0) return undefined;
  return { kind: "search_incidents", query: term };
}

const TERMS =
  /^(?:ecc|nv-?link|nvswitch|nccl|sxids?|hbm|row[- ]remap\w*|page retirement|fabric manager|gsp|infiniband|pci-?e|power brake|thermal throttling|throttling|mig|silent data corruption|double[- ]bit)/i;

/** Processes are in no tool's answer, and a look at the health would not have them either. */
function listProcesses(question: string): Intent | undefined {
  return /^(?:which|what|list|show|who)\b[^.?!]*\b(?:jobs?|process(?:es)?|pods?|users?|using)\b/i.test(question) &&
    !SYMPTOMS.test(question)
    ? { kind: "unanswerable" }
    : undefined;
}

function thanks(question: string): Intent | undefined {
  if (/^(?:ok(?:ay)?|yes|no|fine|good|all ?right)\W*$/i.test(question)) return { kind: "thanks" };
  return /^(?:ok(?:ay)?[,.!]? )?(?:thanks?(?: you)?|thx|cheers|great|perfect|good job|well done)\b[^?]{0,20}$/i.test(
    question,
  )
    ? { kind: "thanks" }
    : undefined;
}

function help(question: string): Intent | undefined {
  const asks =
    /^(?:hi|hello|hey|good (?:morning|day|evening)|help|who are you|usage)\b[^a-z]*(?:there|nemops|all)?[.!? ]*$/i.test(
      question,
    ) || /\bwhat can you (?:do|answer|help)|how (?:do|can) i use (?:you|this)|what are you\b/i.test(question);
  return asks ? { kind: "help" } : undefined;
}

const SYMPTOMS =
  /\b(?:slow\w*|hot|hotter|overheat\w*|throttl\w*|stuck|hang\w*|hung|crash\w*|fail\w*|fault\w*|broken|dead|lost|missing|bad|sick|wrong|unhealthy|degraded|errors?|degrad\w*|straggl\w*|oom|out of memory|nan|idle)\b/i;
/** Work goes badly, whatever the GPUs show. */
const COMPLAINT = /\b(?:slow\w*|hang\w*|hung|stuck|crash\w*|fail\w*|straggl\w*|throughput|nan)\b/i;
const SUBJECTS =
  /\b(?:gpus?|nodes?|cuda|nvidia\S*|nv-?links?|nvswitch|nccl|xids?|sxids?|ecc|hbm|vram|pci-?e|drivers?|infiniband|ib|fabric|training|train|job|inference|throughput|all-?reduce|clocks?|power|temperatures?|cooling|fans?|cluster|machine|server|hosts?|rank|cards?|health|status|utili[sz]ation|memory|throttl\w*)\b/i;
const ASKS_HEALTH =
  /\b(?:why|what|what's|how|is|are|check|diagnose|debug|investigate|looks?|low|lower|high|higher|drop\w*|weird|strange|status|health|healthy|ok|okay|fine|anything|something|problem|issue|triage|report|tell|find)\b/i;

function health(question: string): Intent | undefined {
  const gpuIds = findGpuIds(question);
  const isAbout = gpuIds.length > 0 || SUBJECTS.test(question);
  const asks = ASKS_HEALTH.test(question) || SYMPTOMS.test(question) || question.split(" ").length <= 3;
  const isCheck =
    /^(?:diagnose|triage|check|health check|health|status|(?:are there )?any (?:problems?|issues?|faults?)|what(?:'s| is) (?:wrong|going on|the problem)|is (?:everything|all) (?:ok|okay|fine|good|healthy))\b/i.test(
      question,
    );
  if (!(isAbout && asks) && !isCheck) return undefined;
  const isComplaint = gpuIds.length === 0 && COMPLAINT.test(question) ? { isComplaint: true as const } : {};
  return withNode({ kind: "health" as const, gpuIds, ...isComplaint }, question);
}

/** Tried in this order; the first that recognises the question decides. Narrow orders come before broad subjects. */
export const INTENT_RULES: readonly IntentRule[] = [
  ...ALERT_RULES,
  searchIncidents,
  runDiagnostic,
  orderAct,
  showEvents,
  explainXid,
  explainSxid,
  judgeAct,
  nextSteps,
  proposePlan,
  explainLast,
  defineTerm,
  listProcesses,
  readValues,
  followUp,
  thanks,
  help,
  listGpus,
  health,
];

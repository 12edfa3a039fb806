import type { DesignDraft } from "../design/draft.ts";
import { addItems, isColumn } from "./add-columns.ts";
import { addValue, changeColumn, removeValue } from "./change-column.ts";
import { applySettings } from "./follow-up-settings.ts";
import type { Outcome, Work } from "./follow-up-settings.ts";
import { readCondition } from "./conditions.ts";
import { describeColumn } from "./describe.ts";
import { designFromBrief } from "./design-from-brief.ts";
import type { BriefOptions } from "./design-from-brief.ts";
import { readIntent } from "./intents.ts";
import type { Intent } from "./intents.ts";
import { readItem } from "./item.ts";
import { nameOf, textOf } from "./json.ts";
import { fillPrompts } from "./prompts.ts";
import { repair } from "./repair.ts";
import type { DatasetFormat } from "./settings.ts";
import { takeSettings } from "./settings.ts";
import { Sheet } from "./sheet.ts";
import { protectAnds } from "./protect-ands.ts";
import { splitItems } from "./split-items.ts";
import { applyStatement } from "./statements.ts";
import { cleanText, columnName, Remainder, trimPhrase } from "./words.ts";

export type FollowUp =
  | {
      readonly kind: "edit";
      /** The draft with the changes; other parts of its config are kept. */
      readonly draft: DesignDraft;
      /** What was done, a phrase each; never empty. */
      readonly changes: readonly string[];
      /** File formats, when the message names some. */
      readonly formats?: readonly DatasetFormat[];
    }
  | { readonly kind: Intent }
  | { readonly kind: "question"; readonly question: string };

const MAX_READ_CHARACTERS = 20_000;
const MAX_CLAUSES = 30;

/**
 * Reads what somebody says about a draft: a change, an answer to a question, or a wish to see something. A change that
 * names a column that is not there asks one question with the columns. A new brief is only recognised, not designed.
 * Never throws.
 */
export function readFollowUp(text: string, draft: DesignDraft, options: BriefOptions): FollowUp {
  const cleaned = cleanText(text.slice(0, MAX_READ_CHARACTERS)).trim();
  const intent = readIntent(cleaned);
  if (intent !== undefined) return { kind: intent };
  if (isNewBrief(cleaned, draft, options)) return { kind: "new_brief" };
  return edit(cleaned, draft, options);
}

const ORDER =
  /^(?:please\s+)?(?:(?:can|could) you\s+)?(?:i (?:need|want|would like)|i'd like|we need|generate|create|make me|build|produce|give me|design|simulate|synthesi[sz]e|now (?:make|create|generate|do))\s+(?!.*\b(?:columns?|fields?|instead|more rows|rows only)\b)/i;

/** An order for a dataset of its own: "I need 300 hotel bookings with guest, nights and price". */
function isNewBrief(text: string, draft: DesignDraft, options: BriefOptions): boolean {
  if (draft.config.columns.length === 0) return designFromBrief(text, options).kind === "design";
  if (!ORDER.test(text) && !/\bcreate\s+table\b/i.test(text)) return false;
  const settings = new Remainder(text.replace(ORDER, ""));
  takeSettings(settings);
  if (trimPhrase(settings.text).split(" ").length < 2) return false;
  const result = designFromBrief(text, options);
  return result.kind === "design" && result.draft.config.columns.length > 1;
}

function edit(text: string, draft: DesignDraft, options: BriefOptions): FollowUp {
  const work: Work = { sheet: new Sheet(draft, options), draft, changes: [], formats: [], options };
  for (const clause of splitClauses(text).slice(0, MAX_CLAUSES)) {
    const outcome = applyClause(work, clause);
    if (outcome === "done") continue;
    const names = work.sheet.visible().map(nameOf).join(", ") || "none yet";
    const question =
      outcome === "unknown"
        ? `I did not understand "${shorten(clause)}". What should change? The columns are: ${names}.`
        : `There is no column "${shorten(outcome.missing)}". Which one do you mean? The columns are: ${names}.`;
    return { kind: "question", question };
  }
  if (work.changes.length === 0) return { kind: "question", question: "What should change?" };
  fillPrompts(work.sheet, (work.draft.name ?? "").replaceAll("_", " "));
  work.sheet.prune();
  const { constraints: _constraints, ...parts } = draft.config;
  const made = { ...work.draft, config: { ...parts, ...work.sheet.config() } };
  const repaired = repair(made, draft);
  const formats = work.formats.length === 0 ? {} : { formats: work.formats };
  return { kind: "edit", draft: repaired.draft, changes: [...work.changes, ...repaired.notes], ...formats };
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

const VERBS =
  "remove|drop|delete|get rid|omit|exclude|leave out|take out|add|include|append|insert|rename|call|make|set|change|turn|update|adjust|switch|use|only|replace|hide|show|reduce|increase|raise|lower|limit|give|let|put|export|save|output|name|mark|generate|create|i (?:also )?(?:need|want)|with seed|seed";
const START = `(?:${VERBS})\\b|\\d[\\d,.]*\\s?[km]?\\s+(?:rows|records|entries|samples)\\b|as\\s+(?:an?\\s+)?(?:csv|parquet|jsonl)\\b|in\\s+(?:csv|parquet|jsonl)\\b`;
const CLAUSES = new RegExp(
  `(?:\\s*(?:(?<!\\d)[,;.\\n]|[,;.\\n](?!\\d))\\s*(?:(?:and|then|also|but|please)\\s+)*|\\s+(?:and|then|but|also|plus)\\s+(?:(?:also|then|please)\\s+)*)(?=${START})`,
  "i",
);

/** "20 rows please, yes": a change, and the wish to go on with it. */
const YES_AT_END =
  /(?:[\s,.;!-]+(?:and\s+|then\s+|but\s+)*(?:yes|yep|ok(?:ay)?|please|pls|plz|thanks?(?: you)?(?: a lot)?|go(?: ahead)?|do it|run it|start it|create it|make it so|that'?s (?:it|all)|otherwise (?:it'?s )?(?:good|fine|ok(?:ay)?)|looks? good|the rest is (?:good|fine|ok(?:ay)?)))+[\s.!]*$/i;

/** Divides where a new command begins: "remove notes and 2,000 rows". */
function splitClauses(text: string): string[] {
  return protectAnds(text)
    .replace(YES_AT_END, "")
    .split(CLAUSES)
    .map((clause) =>
      clause
        .replace(
          /^\s*(?:(?:please|can you|could you|also|and|then|ok(?:ay)?|yes|sure|no(?= \w+ (?:is|are|should))|but|now|just|actually|hmm|well|great|good|nice|perfect|thanks|(?:go ahead|go|run it|do it|start(?: it)?|proceed|continue)(?= with)|let'?s (?:do|make|have|use))\b[\s,.!]*)+(?=\S)/i,
          "",
        )
        .trim()
        .replace(/[.!?\s]+$/, ""),
    )
    .filter((clause, _at, all) => clause !== "" && (all.length === 1 || readIntent(clause) !== "approve"));
}

const REMOVE =
  /^(?:remove|drop|delete|get rid of|omit|exclude|leave out|take out|without|no more|no|hide|(?:i|we) don'?t (?:need|want)|no need for|skip)\s+(?<what>.+)$/i;
const RENAME =
  /^(?:rename|call)\s+(?:the\s+)?(?:column\s+|field\s+)?(?<from>.+?)(?:\s+(?:column|field))?\s+(?:to|as|into|->|=>)\s+(?<to>.+)$|^(?:the\s+)?(?<from2>.+?)\s+should be (?:called|named|renamed to)\s+(?<to2>.+)$|^call\s+(?:the\s+)?(?<from3>[\w ]+?)\s+["'`](?<to3>[^"'`]+)["'`]$/i;
const ADD =
  /^(?:add|include|append|insert|put in|also|plus|(?:i|we) (?:also )?(?:need|want)|give (?:me|it|them)|create|with)\s+(?<what>.+)$/i;
const VALUE_TO =
  /^add\s+(?:the\s+|an?\s+)?(?:values?\s+|options?\s+)?(?<value>.+?)\s+to\s+(?:the\s+)?(?<column>[\p{L}_][\p{L}\p{N}_ ]*?)(?:\s+(?:values|options|column|list))?$/iu;
const VALUE_FROM =
  /^(?:remove|drop|delete)\s+(?:the\s+)?(?:values?\s+|options?\s+)?(?<value>.+?)\s+from\s+(?:the\s+)?(?<column>[\p{L}_][\p{L}\p{N}_ ]*?)(?:\s+(?:values|options|column|list))?$/iu;

function applyClause(work: Work, clause: string): Outcome {
  const rename = RENAME.exec(clause)?.groups;
  if (rename !== undefined) {
    return renameColumn(
      work,
      rename["from"] ?? rename["from2"] ?? rename["from3"] ?? "",
      rename["to"] ?? rename["to2"] ?? rename["to3"] ?? "",
    );
  }
  const settled = applySettings(work, clause);
  if (settled !== undefined) return settled;
  const from = VALUE_FROM.exec(clause)?.groups;
  const source = from === undefined ? undefined : work.sheet.find(from["column"] ?? "");
  if (from !== undefined && source !== undefined && removeValue(work.sheet, nameOf(source), from["value"] ?? ""))
    return told(work, nameOf(source));
  if (readCondition(clause) !== undefined) return changeOrAdd(work, clause);
  const removal = REMOVE.exec(clause)?.groups?.["what"];
  if (removal !== undefined) return removeColumns(work, removal);
  const to = VALUE_TO.exec(clause)?.groups;
  const target = to === undefined ? undefined : work.sheet.find(to["column"] ?? "");
  if (to !== undefined && target !== undefined && addValue(work.sheet, nameOf(target), to["value"] ?? ""))
    return told(work, nameOf(target));
  const addition = ADD.exec(clause)?.groups?.["what"];
  if (addition !== undefined) return addColumns(work, addition);
  return changeOrAdd(work, clause);
}

function told(work: Work, name: string): Outcome {
  const column = work.sheet.column(name);
  work.changes.push(column === undefined ? name : `${name}: ${describeColumn(column)}`);
  return "done";
}

function removeColumns({ sheet, changes }: Work, what: string): Outcome {
  const names: string[] = [];
  for (const phrase of splitItems(what)) {
    const plain = trimPhrase(phrase.replace(/\s+(?:columns?|fields?)$/i, ""));
    const column = sheet.find(plain, (one) => one["drop"] !== true);
    if (column === undefined) return { missing: plain };
    names.push(nameOf(column));
  }
  if (names.length === 0) return "unknown";
  for (const name of new Set(names)) {
    const readers = sheet.readersOf(name).filter((reader) => !names.includes(reader));
    const column = sheet.column(name);
    if (readers.length > 0 && column !== undefined) {
      sheet.put({ ...column, drop: true });
      changes.push(`${name} is hidden; ${readers.join(", ")} needs it`);
      continue;
    }
    sheet.columns = sheet.columns.filter((other) => nameOf(other) !== name);
    sheet.dropConstraints(name);
    changes.push(`removed ${name}`);
  }
  return "done";
}

function renameColumn(work: Work, from: string, to: string): Outcome {
  const { sheet } = work;
  const column = sheet.find(trimPhrase(from));
  if (column === undefined) {
    const isDataset = /^(?:it|this|that|dataset|data set|design|table|file)$/i.test(trimPhrase(from));
    if (!isDataset) return { missing: trimPhrase(from) };
    const name = columnName(trimPhrase(to));
    work.draft = { ...work.draft, name };
    work.changes.push(`named ${name}`);
    return "done";
  }
  const old = nameOf(column);
  const plain = to.trim().replaceAll(/^["'`]|["'`]$/g, "");
  const name = columnName(plain, true) || columnName(trimPhrase(to));
  if (name === "" || (name !== old && sheet.has(name))) return "unknown";
  sheet.rename(old, name);
  work.changes.push(`renamed ${old} to ${name}`);
  return "done";
}

const PLACE =
  /\s+(?:right\s+|directly\s+)?(?<side>after|before|behind|in front of|next to)\s+(?:the\s+)?(?<where>[\p{L}_][\p{L}\p{N}_ ]*?)(?:\s+column)?$/iu;

function addColumns(work: Work, what: string): Outcome {
  const { sheet, changes, options } = work;
  const text = what
    .replace(
      /^(?:(?:an?|the|some|another|new|more|extra|additional|two|three|\d)\s+)*(?:columns?|fields?)\s*(?::|for|named|called|with|of|like|such as)?\s*(?:the\s+)?/i,
      "",
    )
    .replace(/\s+(?:columns?|fields?)(?=$|[\s,]+(?:with|that|from|to|in|for|as)\b)/i, "");
  const place = PLACE.exec(text)?.groups;
  const anchor = place === undefined ? undefined : sheet.find(place["where"] ?? "");
  const isTime = anchor !== undefined && ["datetime", "timedelta"].includes(textOf(anchor["sampler_type"]));
  const isPlaced =
    anchor !== undefined && !(isTime && /\b(?:date|time|day|at)\b/i.test(text.slice(0, PLACE.exec(text)?.index)));
  const items = splitItems(isPlaced ? text.replace(PLACE, "") : text).map((item) => readItem(item, options));
  const columns = items.filter(isColumn);
  if (columns.length === 0 || columns.length < items.length) return "unknown";
  const before = new Set(sheet.visible().map(nameOf));
  const { added, failed } = addItems(sheet, columns);
  if (failed.length > 0) return "unknown";
  if (isPlaced)
    moveTo(
      sheet,
      added.map(({ name }) => name),
      nameOf(anchor),
      /before|in front/i.test(place?.["side"] ?? ""),
    );
  for (const column of sheet.visible()) {
    if (!before.has(nameOf(column))) changes.push(`added ${nameOf(column)} (${describeColumn(column)})`);
  }
  return "done";
}

function moveTo(sheet: Sheet, names: readonly string[], anchor: string, isBefore: boolean): void {
  const moved = sheet.columns.filter((column) => names.includes(nameOf(column)));
  const others = sheet.columns.filter((column) => !moved.includes(column));
  const at = others.findIndex((column) => nameOf(column) === anchor) + (isBefore ? 0 : 1);
  sheet.columns = [...others.slice(0, at), ...moved, ...others.slice(at)];
}

const CHANGE =
  /^(?:make|set|change|turn|update|adjust|switch|let|use|limit|have|give|replace|increase|raise|reduce|lower)\s+(?!sure)(?:(?:the|all|all the|values of|range of|type of)\s+)*(?<rest>.+)$/i;

/** "make amounts normally distributed around 200", "only 2024 dates", "due date after invoice date". */
function changeOrAdd(work: Work, clause: string): Outcome {
  const { sheet, options } = work;
  const rest = CHANGE.exec(clause)?.groups?.["rest"];
  const changed = changeColumn(sheet, rest ?? clause, options);
  if (changed.kind === "changed") return told(work, changed.name);
  if (applyStatement(sheet, clause, options)) {
    work.changes.push(shorten(clause));
    return "done";
  }
  return changed.kind === "missing" && rest !== undefined ? { missing: changed.phrase } : "unknown";
}

/** Divides a brief into what it is about, the columns it lists, and statements about them. */
import { hasDetail, readItem } from "./item.ts";
import { matchField } from "./lexicon/lexicon.ts";
import { ANY_NUMBER } from "./numbers.ts";
import { readRelation } from "./relations.ts";

export interface BriefParts {
  /** What the dataset is about: the words before the list of columns. */
  readonly head: string;
  /** One for each column that is listed. */
  readonly items: readonly string[];
  /** Whole sentences about columns. */
  readonly statements: readonly string[];
  /** The list adds to the usual columns of the subject instead of replacing them. */
  readonly isAddition: boolean;
}

/** Most items that are looked at; a brief has a few dozen. */
const MAX_ITEMS = 400;

const MONTH_OR_NUMBER = `(?:${ANY_NUMBER}|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|q[1-4]\\b|today|now)`;
const ADJECTIVES =
  "first|last|start|end|begin|due|order|ship|shipping|billing|min|max|minimum|maximum|opening|closing|created|updated|old|new|home|away|check-?in|check-?out|gross|net|sender|receiver|pick-?up|drop-?off|departure|arrival|issue|delivery|admission|discharge|invoice|purchase|source|destination|origin|buy|sell|high|low";
const NOUNS =
  "names?|dates?|times?|addresses|address|ids?|codes?|cit(?:y|ies)|prices?|temperatures?|amounts?|numbers?|airports?|teams?|scores?|stations?|countr(?:y|ies)|values?";

/** "and" inside one wish would divide it, so it is written another way. */
export function protectAnds(text: string): string {
  return text
    .replaceAll(
      new RegExp(`\\bbetween\\s+((?:(?!\\band\\b)[^;:()\\n]){1,40}?)\\s+and\\s+(?=${MONTH_OR_NUMBER})`, "giu"),
      "from $1 to ",
    )
    .replaceAll(
      new RegExp(`\\b(from\\s+(?:(?!\\bto\\b|\\band\\b)[^,;:()\\n]){1,40}?)\\s+and\\s+(?=${MONTH_OR_NUMBER})`, "giu"),
      "$1 to ",
    )
    .replaceAll(
      /\b(?:the\s+)?(product|sum|total|ratio|quotient|difference|average) of\s+((?:(?!\band\b)[^,;()\n]){1,60}?)\s+and\s+((?:the\s+)?[\p{L}_ ]{1,40}?)(?=\s*(?:[,.;\n]|$|\band\b))/giu,
      (_, kind: string, left: string, right: string) => {
        const sign =
          { product: "*", sum: "+", total: "+", ratio: "/", quotient: "/", difference: "-", average: "+" }[
            kind.toLowerCase()
          ] ?? "+";
        return kind.toLowerCase() === "average" ? `(${left} + ${right}) / 2` : `${left} ${sign} ${right}`;
      },
    )
    .replaceAll(
      /\s+and\s+(?=(?:an?\s+|the\s+)?(?:sd|s\.d|std|stdev|stddev|standard deviation|sigma|variance|max|maximum|at most|no more|deviation|rounded|up to|<|\d+ decimals?|two decimals?)\b)/gi,
      " ",
    )
    .replaceAll(/\b(?:date and time|date ?& ?time|time and date)\b/gi, "datetime")
    .replaceAll(/\bdate of birth\b/gi, "birth date")
    .replaceAll(
      /,?\s+(where|whereby|so that|such that)\s+(?=(?:the\s+)?[\p{L}_]+(?:\s[\p{L}_]+){0,2}\s+(?:is|are|depends?|must|should|has|have|equals?|comes?|lies|falls|matches|belongs|=|<|>))/giu,
      ", $1 ",
    )
    .replaceAll(
      new RegExp(`\\b(${ADJECTIVES})\\s*(?:and|&|/)\\s*(?:an?\\s+|the\\s+)?(${ADJECTIVES})\\s+(${NOUNS})\\b`, "gi"),
      "$1 $3, $2 $3",
    );
}

const LIST_NOUN = "(?:columns?|fields?|attributes?|features?|variables?|properties|headers?|schema|data points?)";
const INTRO = new RegExp(
  String.raw`\b(?:(?:that|which|it|they|each(?: of them| row| record| one| customer| order| patient)?|every(?: row| record| one)?)\s+(?:should\s+|must\s+|shall\s+|needs? to\s+|will\s+)?(?:ha(?:s|ve|ving)|contains?|includes?|comprises?|consists? of)|with(?!\s+(?:an?\s+|the\s+)?(?:sd|std|s\.d|standard dev|stdev|mean|average|avg|prefix|probability|variance|lambda|rate \d|min|max|no |\d+ decimals|two decimals|seed)\b)|,?\s*(?:where|so that|such that)|having|containing|including|includes?|contains?|consisting of|comprising|plus|featuring|of the form|${LIST_NOUN}\s+(?:are|is|should be|like|such as|named|called|for|being)|(?:the )?(?:following )?${LIST_NOUN}(?=\s*:))(?:\s+(?:the|these|those|following|all|such|columns?|fields?|attributes?|features?|variables?|as|like|are|for|of|at least|also|exactly|only|data|\d+|two|three|four|five|six|seven|eight|ten))*\s*:?\s+`,
  "i",
);
const LATER_INTRO = new RegExp(
  String.raw`^(?:please\s+)?(?:(?:it|they|the (?:data|table|dataset|data set|rows?|records?|file|columns|fields)|each (?:row|record|\p{L}+)|every (?:row|record|\p{L}+)|rows|records|i (?:also )?(?:need|want))\s+)?(?:(?:should|must|shall|needs? to|will|would)\s+)?(?:also\s+)?(?:ha(?:s|ve)|contains?|includes?|add|with|need|want|consists? of|${LIST_NOUN}\s*(?:are|:|should be)|are:|:)\s*(?:(?:the|these|following|also|an additional|columns?|fields?|attributes?)\s+)*:?\s*`,
  "iu",
);
const ADDITION = /\b(?:including|plus|includes?|also|additional(?:ly)?|extra|where|so that|such that)\b/i;
const BULLET = /^\s*(?:[-*•·–+]|\(?\d{1,3}[.)]|[a-z]\))\s+/;

export function splitBrief(text: string): BriefParts {
  const items: string[] = [];
  const statements: string[] = [];
  let head: string | undefined;
  let isAddition = false;
  let isInList = false;
  for (const { text: sentence, isBullet } of sentences(protectAnds(text))) {
    if (items.length > MAX_ITEMS) break;
    if (isBullet) {
      items.push(...bulletItems(sentence));
      continue;
    }
    if (head === undefined) {
      const parts = readHead(sentence);
      head = parts.head;
      items.push(...parts.items);
      isInList = parts.isOpen;
      isAddition ||= parts.items.length > 0 && ADDITION.test(parts.intro);
      continue;
    }
    if (items.length === 0 && statements.length === 0 && !LATER_INTRO.exec(sentence)?.[0].trim()) {
      // The list may begin in the second sentence; the first is then about the whole.
      const parts = readHead(sentence);
      if (parts.items.length > 0) {
        if (readRelation(head) !== undefined) statements.push(head);
        head = statements.length > 0 ? parts.head : `${head} ${parts.head}`.trim();
        items.push(...parts.items);
        continue;
      }
    }
    const intro = LATER_INTRO.exec(sentence);
    if (intro !== null && intro[0].trim() !== "") {
      const list = splitItems(sentence.slice(intro[0].length));
      if (items.length === 0) isAddition ||= ADDITION.test(intro[0]);
      items.push(...list);
      isInList = list.length === 0;
    } else if (isInList || isListLine(sentence)) {
      items.push(...splitItems(sentence));
    } else statements.push(sentence.trim());
  }
  return { head: head ?? "", items, statements, isAddition };
}

interface Sentence {
  readonly text: string;
  readonly isBullet: boolean;
}

function sentences(text: string): Sentence[] {
  return text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    const whole = (text: string): Sentence => ({ text, isBullet: false });
    if (BULLET.test(line)) return [{ text: line.replace(BULLET, ""), isBullet: true }];
    return line
      .split(
        /(?<=[^\s.][!?]|[^\s.]{2}\.|[\d)]\.)\s+(?=["'(]?\p{Lu}|\d+(?:\.\d+)?\s?%|total\b|also\b|add\b|include\b|each\b|the\b|make\b|all\b)/u,
      )
      .filter((part) => part.trim() !== "")
      .map(whole);
  });
}

function bulletItems(line: string): string[] {
  const hasDetails = /[:([]|\s-\s|\bor\b|\//.test(line);
  return hasDetails ? [line] : splitItems(line);
}

interface Head {
  readonly head: string;
  readonly intro: string;
  readonly items: readonly string[];
  /** The list is said to follow on the next lines. */
  readonly isOpen: boolean;
}

function readHead(sentence: string): Head {
  const intro = INTRO.exec(sentence);
  const colon = /^([^:,(]{0,120}?):\s*(.*)$/s.exec(sentence);
  const isColonFirst = colon !== null && (intro === null || (colon[1] ?? "").length < intro.index);
  if (isColonFirst) {
    const [, before = "", after = ""] = colon;
    const list = splitItems(after);
    // "status: open, closed" alone is one column; "customers: name, email" is a list.
    const isSubject =
      list.length === 0 ||
      /\d|\b(?:data|dataset|table|rows|records|columns|fields|need|want|generate|create|make)\b/i.test(before) ||
      list.some((item) => matchField(item)?.isExact === true || /\p{L}{3}.*\d(?!.*%\s*$)|_/u.test(item));
    if (isSubject) return { head: before, intro: "", items: list, isOpen: list.length === 0 };
    return { head: "", intro: "", items: [sentence], isOpen: false };
  }
  if (intro !== null) {
    const after = sentence.slice(intro.index + intro[0].length);
    return {
      head: sentence.slice(0, intro.index),
      intro: intro[0],
      items: splitItems(after),
      isOpen: after.trim() === "",
    };
  }
  if (/:\s*$/.test(sentence)) return { head: sentence, intro: "", items: [], isOpen: true };
  const items = splitItems(sentence.replace(COMMAND, ""));
  // "customers and orders" is a subject, "name, email, age 18-90" a list: most of its parts are known or say something.
  const listed = items.filter((item) => saysSomething(item) || /^\p{L}+(?: \p{L}+)?$/u.test(item));
  const isList = items.length > 2 ? listed.length * 2 > items.length : items.length === 2 && items.every(saysSomething);
  if (isList) return { head: "", intro: "", items, isOpen: false };
  return { head: sentence, intro: "", items: [], isOpen: false };
}

/** Whether it names a known field, or says something about values. */
function saysSomething(text: string): boolean {
  // The day only moves windows, so any will do here.
  const item = readItem(text, { today: "2000-01-01" });
  return (
    item.relation !== undefined ||
    hasDetail(item.detail) ||
    item.isVerbatim ||
    matchField(item.phrase)?.isExact === true
  );
}

/** "please generate me a table of" before the first column. */
const COMMAND =
  /^\s*(?:please\s+)?(?:(?:can|could|would) you\s+)?(?:i (?:need|want|would like)|i'd like|we need|generate|create|make|build|produce|give me|design|prepare)\b(?:\s+(?:me|us|a|an|the|some|random|fake|synthetic|dataset|data set|data|table|list|rows|records|of|for))*\s+/i;

/** A line of its own with commas between short phrases, or one "name: …". */
function isListLine(line: string): boolean {
  const parts = splitItems(line);
  return (
    parts.length >= 3 && parts.every((part) => part.split(" ").length <= 6) && !/\b(?:should|must|is|are)\b/i.test(line)
  );
}

const JOIN = /^(?:\s+(?:and|plus|as well as|along with|together with)\s+|\s+&\s+|\s*;\s*|\s*\n\s*)/i;

/** The wishes of a list, divided where a new column begins. */
export function splitItems(text: string): string[] {
  return segments(text)
    .flatMap((segment) => {
      const parts = divide(segment);
      const colons = parts.filter((part) => isNamed(part.text)).length;
      const isValues = text.includes(";") && colons === 1 && isNamed(parts[0]?.text ?? "");
      return isValues ? [segment] : mergeParts(parts);
    })
    .map((item) =>
      item
        .trim()
        .replace(/^(?:(?:and|or|with|plus|also|where|whereby|so that|such that)\s+)+/i, "")
        .replace(/[\s,.;]+$/, ""),
    )
    .filter((item) => /[\p{L}\p{N}]/u.test(item));
}

/** Parts between semicolons and line ends that stand in no bracket. */
function segments(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if ("([{".includes(sign)) depth += 1;
    if (")]}".includes(sign)) depth = Math.max(0, depth - 1);
    if (sign !== "\n" && (sign !== ";" || depth > 0)) continue;
    found.push(text.slice(start, at));
    start = at + 1;
  }
  return [...found, text.slice(start)];
}

interface Part {
  readonly text: string;
  /** The sign between this part and the one before it. */
  readonly joint: string;
}

function divide(text: string): Part[] {
  const parts: Part[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  let joint = "";
  const push = (end: number, width: number): void => {
    parts.push({ text: text.slice(start, end), joint });
    joint = text.slice(end, end + width);
    start = end + width;
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charAt(at);
    if (quote !== "") {
      if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "`") {
      if (text.includes(sign, at + 1)) quote = sign;
    } else if ("([{".includes(sign)) depth += 1;
    else if (")]}".includes(sign)) depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (sign === ",") {
      const isInNumber = /\d/.test(text.charAt(at - 1)) && /^\d{3}(?!\d)/.test(text.slice(at + 1, at + 5));
      if (!isInNumber) push(at, 1);
    } else if (sign === " " || sign === "&") {
      const match = JOIN.exec(text.slice(at, at + 20));
      if (match !== null && sign === " ") {
        push(at, match[0].length);
        at = start - 1;
      }
    }
  }
  push(text.length, 0);
  return parts.filter((part) => part.text.trim() !== "");
}

function isNamed(part: string): boolean {
  return /^[^:(]{1,60}:(?!\d\d)\s*\S/.test(part.trim());
}

const CONTINUES =
  /^\s*(?:(?:from|between|in|at|with|ranging|normally|uniformly|poisson|exponentially|log-?normally|rounded|around|about|mean|sd|std|min|max|up to|mostly|sometimes|usually|rarely|or|weighted|distributed|but|each|no more|not|e\.g\.|such as|like|both|all)\b(?!\s+(?:id|name|date|time|temperature|price)\b)|[<>]=?|\d+(?:\.\d+)?\s*%(?!\s*(?:missing|null|empty|blank|of)\b)|(?:at (?:least|most))\b)/i;

/** Puts back together what is one wish: lists with "or", values behind a colon, shares, details behind a comma. */
function mergeParts(parts: readonly Part[]): string[] {
  const items: string[] = [];
  for (const { text, joint } of parts) {
    const last = items.at(-1);
    if (last !== undefined && joinsPrevious(text, last, joint))
      items[items.length - 1] = `${last}${joint.trim() === "," ? "," : ` ${joint.trim()}`} ${text.trim()}`;
    else if (last !== undefined && hasOr(text))
      items.splice(orStart(items, text), items.length, [...items.slice(orStart(items, text)), text].join(","));
    else items.push(text.trim());
  }
  return items;
}

function joinsPrevious(text: string, last: string, joint: string): boolean {
  const part = text.trim();
  if (CONTINUES.test(part) && !/^\d+(?:\.\d+)?\s*%\s+of\b/i.test(part)) return true;
  const isShare = /\d\s*%\s*$/.test(part) && /\d\s*%\s*$/.test(last);
  if (isShare)
    return (
      !part.includes("_") &&
      !/^(?:is|has|was)\b/i.test(part) &&
      matchField(part.replace(/[\d.]+\s*%\s*$/, ""))?.isExact !== true
    );
  // Values go on behind a colon until a word comes that is a column of its own.
  const isOpenList = isNamed(last) && !isNamed(part) && !/[([]/.test(part) && part.split(" ").length <= 3;
  if (!isOpenList) return false;
  const values = last.slice(last.indexOf(":") + 1);
  const isListed = /[,]|^\s*\S+\s*$/.test(values) && !/\d\s*(?:-|to)\s*\d|\//.test(values);
  return (
    isListed &&
    !TYPE_ONLY.test(values) &&
    matchField(part)?.isExact !== true &&
    !/_/.test(part) &&
    (joint.trim() === "," || values.includes(","))
  );
}

const TYPE_ONLY =
  /^\s*(?:int(?:eger)?|float|number|str(?:ing)?|text|date|datetime|bool(?:ean)?|uuid|category|timestamp|double|decimal|json|email|money)\s*$/i;

function hasOr(text: string): boolean {
  return (
    /\bor\b(?!\s+(?:equal|more|less|fewer|not|null|before|after|later|so)\b)/i.test(text) &&
    !/[:([].*\bor\b/i.test(text)
  );
}

/** Where the list of values begins whose last part has the "or": at the part that also holds the column's name. */
function orStart(items: readonly string[], text: string): number {
  const beforeOr = text.split(/\bor\b/i)[0]?.trim() ?? "";
  // "medium or high" and "or high" go on; "severity low or high" begins by itself.
  if (beforeOr.split(" ").length > 1 && matchField(beforeOr.split(" ").slice(0, -1).join(" ")) !== undefined)
    return items.length;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at] ?? "";
    if (
      isNamed(item) ||
      /\b(?:one of|either|any of|is|can be|as|like)\b/i.test(item) ||
      item.trim().split(" ").length > 1
    )
      return at;
    if (matchField(item)?.isExact === true) return at + 1;
  }
  return items.length;
}

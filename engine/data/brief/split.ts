/** Divides a brief into what it is about, the columns it lists, and statements about them. */
import { hasDetail, readItem } from "./item.ts";
import { findDomain, matchField } from "./lexicon/lexicon.ts";
import { protectAnds } from "./protect-ands.ts";
import { readRelation } from "./relations.ts";
import { splitItems } from "./split-items.ts";

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

const LIST_NOUN = "(?:columns?|fields?|attributes?|features?|variables?|properties|headers?|schema|data points?)";
/** Behind these words, "with" ties one column to another one. */
const TOGETHER = String.raw`\b(?:correlat\w*|increas\w*|grow\w*|ris(?:es?|ing)|scal(?:es?|ing)|decreas\w*|fall\w*|drop(?:s|ping)?|declin\w*|shrink\w*|up|down|consistent|associated|var(?:y|ies|ying)|match\w*|compared|in line)\s`;
const INTRO = new RegExp(
  String.raw`\b(?:(?:that|which|it|they|each(?: of them| row| record| one| customer| order| patient)?|every(?: row| record| one)?)\s+(?:should\s+|must\s+|shall\s+|needs? to\s+|will\s+)?(?:ha(?:s|ve|ving)|contains?|includes?|comprises?|consists? of)|(?<!${TOGETHER})with(?!\s+(?:an?\s+|the\s+)?(?:sd|std|s\.d|standard dev|stdev|mean|average|avg|prefix|probability|variance|lambda|rate \d|min|max|no |\d+ decimals|two decimals|seed)\b)|,?\s*(?:where|so that|such that)|having|containing|including|includes?|contains?|consisting of|comprising|plus|featuring|of the form|${LIST_NOUN}\s+(?:are|is|should be|like|such as|named|called|for|being)|(?:the )?(?:following )?${LIST_NOUN}(?=\s*:))(?:\s+(?:the|these|those|following|all|such|columns?|fields?|attributes?|features?|variables?|as|like|are|for|of|at least|also|exactly|only|data|\d+|two|three|four|five|six|seven|eight|ten))*\s*:?\s+`,
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
    // "for a fraud model: transactions with amount, merchant" has its subject behind the colon.
    const inner = INTRO.exec(after);
    if (inner !== null && inner.index > 0 && !/[,(:/]|\d/.test(after.slice(0, inner.index).replace(/[\s,]+$/, ""))) {
      const rest = readHead(after);
      return rest.items.length > 0 && rest.head !== "" ? rest : { ...rest, head: `${before} ${rest.head}` };
    }
    const list = splitItems(after);
    // "status: open, closed" alone is one column; "customers: name, email" is a list.
    const isList =
      list.length === 0 ||
      /\d|\b(?:data|dataset|table|rows|records|columns|fields|need|want|generate|create|make)\b/i.test(before) ||
      list.some((item) => matchField(item)?.isExact === true || /\p{L}{3}.*\d(?!.*%\s*$)|_/u.test(item));
    if (isList) return { head: before, intro: "", items: list, isOpen: list.length === 0 };
    return { head: "", intro: "", items: [sentence], isOpen: false };
  }
  if (intro !== null) {
    const after = sentence.slice(intro.index + intro[0].length);
    const before = sentence.slice(0, intro.index);
    // "order id, customer, with an amount": the list began before the word.
    const early = /,|\band\b/.test(before) ? splitItems(before.replace(COMMAND, "")) : [];
    const isEarly = early.length > 1 && early.every(saysSomething);
    return {
      head: isEarly ? "" : before,
      intro: intro[0],
      items: [...(isEarly ? early : []), ...splitItems(after)],
      isOpen: after.trim() === "",
    };
  }
  if (/:\s*$/.test(sentence)) return { head: sentence, intro: "", items: [], isOpen: true };
  const items = splitItems(sentence.replace(COMMAND, ""));
  // "customers and orders" is a subject, "name, email, age 18-90" a list: most of its parts are known or say something.
  const listed = items.filter((item) => saysSomething(item) || /^\p{L}+(?: \p{L}+)?$/u.test(item));
  const isList = items.length > 2 ? listed.length * 2 > items.length : items.length === 2 && items.every(saysSomething);
  if (isList) {
    // "hospital patients, age, weight": the first part is the subject, no column.
    const [first = "", ...others] = items;
    const isHead = others.length > 1 && / /.test(first) && matchField(first)?.isExact !== true && isSubject(first);
    return isHead
      ? { head: first, intro: "", items: others, isOpen: false }
      : { head: "", intro: "", items, isOpen: false };
  }
  return { head: sentence, intro: "", items: [], isOpen: false };
}

/** Whether it is a known subject in the plural, perhaps with a time: "web server logs last 30 days". */
function isSubject(text: string): boolean {
  const item = readItem(text, { today: "2000-01-01" });
  const isPlain = Object.keys(item.detail).every((key) => key === "window" || key === "locale");
  return (
    isPlain && item.relation === undefined && /s$|data$/i.test(item.phrase) && findDomain(item.phrase) !== undefined
  );
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

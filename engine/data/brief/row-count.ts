/** How many rows a brief asks for. */
import { findNumbers, withFigures } from "./numbers.ts";
import type { FoundNumber } from "./numbers.ts";
import type { Remainder } from "./words.ts";

const ROW_WORDS =
  "rows?|records?|entries|samples?|examples?|observations?|instances?|data ?points?|lines?|tuples?|documents?";
const ABOUT = "(?:(?:about|around|roughly|approximately|approx\\.?|some|exactly|only|just|up to)\\s+|[~≈]\\s*)?";

/** "rows: 500", "num_records=500". */
const SETTING = new RegExp(
  `\\b(?:num[_ ]records|num[_ ]rows|row count|number of (?:${ROW_WORDS})|rows|records|count|n)\\s*(?:[:=]|is|should be)\\s*$`,
  "i",
);
/** "500 rows", "500 fake rows of". */
const ROWS_AFTER = new RegExp(
  `^(?:-|\\s+)(?:(?!columns?|fields?)[\\p{L}-]+\\s+){0,2}?(?:${ROW_WORDS})\\b(?:\\s+of\\b)?`,
  "iu",
);
const ABOUT_BEFORE = new RegExp(`${ABOUT}$`, "i");
/** "generate me a list of 500 …" */
const ORDER = new RegExp(
  `\\b(?:generate|create|make|need|want|give me|produce|build|get me|give us|i'?d like|would like|synthesi[sz]e|simulate|fabricate|invent|prepare|design|like to have|provide|output|show me|fake|mock|dataset of|data ?set with|table of|list of|data for|data on|records of)(?:\\s+(?:me|us|a|the|list of|table of|sample of|total of|dataset of|data ?set of|set of))*\\s+${ABOUT}$`,
  "i",
);
const START = new RegExp(
  `^\\s*(?:please\\s+)?(?:[^,:\\d]{0,40}\\b(?:dataset|data set|data|design|table|one)\\s*:\\s*)?${ABOUT}$`,
  "i",
);
const OF = new RegExp(`\\b(?:of|for|from|x|×)\\s+${ABOUT}$`, "i");
/** What is counted so is no row. */
const NOT_ROWS =
  /^\s*(?:%|percent|columns?|fields?|attributes?|features?|days?|weeks?|months?|years?|hours?|minutes?|seconds?|decimals?|digits?|sentences?|words?|paragraphs?|-|\.\.|to\b|usd|eur|dollars?|euros?|kg|gb|mb)|^\s*x?\s*$/i;
const ENDS = /^\s+\p{L}|^\s*x\b|^\s*$/u;
const PLURAL_FOLLOWS = /^\s+(?:[\p{L}-]+\s+){0,3}?[\p{L}-]+s\b/u;
/** "…, 500 employees" at the very end. */
const LAST_NOUN =
  /^\s+(?:people|persons|customers|users|employees|patients|students|orders|products|transactions|items in total)\s*[.!]?\s*$/i;
/** German, French and others write 1.000 for a thousand. */
const DOTTED = /^\d{1,3}(?:\.\d{3})+(?![\d.])/;

interface Count extends FoundNumber {
  readonly before: string;
  readonly after: string;
}

/** The most certain form that any number of the text has counts; what is cut out begins and ends here. */
const FORMS: readonly ((count: Count) => readonly [start: number, end: number] | undefined)[] = [
  ({ start, end, before }) => {
    const match = SETTING.exec(before);
    return match === null ? undefined : [start - match[0].length, end];
  },
  ({ start, end, before, after }) => {
    const match = ROWS_AFTER.exec(after);
    if (match === null) return undefined;
    return [start - (ABOUT_BEFORE.exec(before)?.[0].length ?? 0), end + match[0].length];
  },
  ({ start, end, text, before, after }) =>
    ORDER.test(before) && !/[$€£¥]$/.test(text) && isCounted(after) ? [start, end] : undefined,
  ({ start, end, before, after }) => {
    if (!START.test(before) || !isCounted(after)) return undefined;
    return [start, end + (/^\s*x\b/i.exec(after)?.[0].length ?? 0)];
  },
  ({ start, end, before, after }) => {
    const noun = /,\s*$/.test(before) ? LAST_NOUN.exec(after) : null;
    return noun === null ? undefined : [start - 1, end + noun[0].length];
  },
  ({ start, end, before, after }) =>
    OF.test(before) && !NOT_ROWS.test(after) && PLURAL_FOLLOWS.test(after) ? [start, end] : undefined,
];

function isCounted(after: string): boolean {
  return /^\s*$/.test(after) || (!NOT_ROWS.test(after) && ENDS.test(after));
}

/** How many rows the text asks for; takes those words out. Undefined when it does not say. */
export function takeRowCount(text: Remainder): number | undefined {
  const figures = withFigures(text.text);
  const counts = findNumbers(figures).map((number): Count => {
    const dotted = DOTTED.exec(figures.slice(number.start))?.[0];
    const end = number.start + (dotted ?? number.text).length;
    const value = dotted === undefined ? number.value : Number(dotted.replaceAll(".", ""));
    return { ...number, end, value, before: figures.slice(0, number.start), after: figures.slice(end) };
  });
  for (const form of FORMS) {
    for (const count of counts) {
      const place = Number.isInteger(count.value) ? form(count) : undefined;
      if (place === undefined) continue;
      text.cut(...place);
      return count.value;
    }
  }
  return undefined;
}

/** Phrases read as what was meant: words with one wrong letter, and counts of people that look like people. */
import { guessColumn, TEXT_NOTE } from "./heuristics.ts";
import { allFields, matchField } from "./lexicon/lexicon.ts";
import { normaliseWords } from "./lexicon/words.ts";

/** Shorter words are too close to each other. */
const MIN_LETTERS = 5;
const COUNTED =
  /^(?:employees|students|members|users|customers|patients|teachers|visitors|subscribers|workers|residents|beds|rooms)$/i;
/** Rows that have many people each. */
const GROUPS = new Set(
  "company organisation organization startup firm business employer school university college hospital clinic club store shop hotel museum team department branch church".split(
    " ",
  ),
);

let vocabulary: ReadonlySet<string> | undefined;

function words(): ReadonlySet<string> {
  vocabulary ??= new Set(
    allFields().flatMap((field) => field.words.flatMap(normaliseWords).filter((word) => word.length >= MIN_LETTERS)),
  );
  return vocabulary;
}

/** "number of employees" for the employees of a company; any other phrase as it is. */
export function countPhrase(phrase: string, noun: string): string {
  return GROUPS.has(noun) && COUNTED.test(phrase) ? `number of ${phrase}` : phrase;
}

/** Whether the phrase counts something: the thing itself is not what the column shows. */
export function isCount(phrase: string): boolean {
  return /^(?:total )?(?:number|count|amount) of \p{L}+s$|^(?:num|n|no|nr)[_ ](?:of[_ ])?\p{L}+s$/iu.test(phrase);
}

/** The phrase with each unknown word replaced by the known one that is one letter away; undefined when that names nothing. */
export function correctTypos(phrase: string): string | undefined {
  if (guessColumn("", phrase).note !== TEXT_NOTE) return undefined;
  const known = words();
  const corrected = normaliseWords(phrase).map((word) => {
    if (word.length < MIN_LETTERS || known.has(word)) return word;
    return [...known].find((other) => other.charAt(0) === word.charAt(0) && isOneAway(word, other)) ?? word;
  });
  const meant = corrected.join(" ");
  const isChanged = meant !== normaliseWords(phrase).join(" ");
  return isChanged && matchField(meant)?.isExact === true ? meant : undefined;
}

/** One letter more, less or other, or two neighbours in the wrong order. */
function isOneAway(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short.charAt(at) === long.charAt(at)) at += 1;
  if (short.length < long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  const isSwapped = short.charAt(at) === long.charAt(at + 1) && short.charAt(at + 1) === long.charAt(at);
  return isSwapped && short.slice(at + 2) === long.slice(at + 2);
}

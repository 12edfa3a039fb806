/** "and" inside one wish, such as "between 5 and 10", written so that it does not divide the wish. */
/** How a number or a date begins. */
const MONTH_OR_NUMBER =
  "(?:[-+]?[$€£¥]?\\s?\\d|(?:half|several|an? (?:couple|few|hundred|thousand|million)|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million)\\b|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|q[1-4]\\b|today|now)";
const BETWEEN = new RegExp(`\\bbetween\\s+((?:(?!\\band\\b)[^;:()\\n]){1,40}?)\\s+and\\s+(?=${MONTH_OR_NUMBER})`, "gi");
const FROM = new RegExp(
  `\\b(from\\s+(?:(?!\\bto\\b|\\band\\b)[^,;:()\\n]){1,40}?)\\s+and\\s+(?=${MONTH_OR_NUMBER})`,
  "gi",
);
const ADJECTIVES =
  "first|last|start|end|begin|due|order|ship|shipping|billing|min|max|minimum|maximum|opening|closing|created|updated|old|new|home|away|check-?in|check-?out|gross|net|sender|receiver|pick-?up|drop-?off|departure|arrival|issue|delivery|admission|discharge|invoice|purchase|source|destination|origin|buy|sell|high|low";
const NOUNS =
  "names?|dates?|times?|addresses|address|ids?|codes?|cit(?:y|ies)|prices?|temperatures?|amounts?|numbers?|airports?|teams?|scores?|stations?|countr(?:y|ies)|values?";

const SHARED_NOUN = new RegExp(
  `\\b(${ADJECTIVES})\\s*(?:and|&|/)\\s*(?:an?\\s+|the\\s+)?(${ADJECTIVES})\\s+(${NOUNS})\\b`,
  "gi",
);

/** "and" inside one wish would divide it, so it is written another way. */
export function protectAnds(text: string): string {
  return text
    .replaceAll(BETWEEN, "from $1 to ")
    .replaceAll(FROM, "$1 to ")
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
    .replaceAll(SHARED_NOUN, "$1 $3, $2 $3");
}

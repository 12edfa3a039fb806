import { type JudgeScore, optionValues } from "../llm/judge.ts";
import type { JsonValue } from "../table.ts";
import type { Dice } from "./dice.ts";
import type { PromptFacts } from "./facts.ts";
import { splitSentences } from "./summary.ts";
import { countWords } from "./write-text.ts";

interface Measures {
  readonly words: number;
  readonly sentences: number;
  /** Share of the record's other short values that the judged text mentions; undefined when there are none. */
  readonly coverage: number | undefined;
}

/**
 * A judgement by what can be counted: how long the text is and how much of the record it mentions, with some scatter
 * between rows. The reasoning says so; it claims no understanding.
 */
export function writeJudgement(scores: readonly JudgeScore[], facts: PromptFacts, dice: Dice): JsonValue {
  const [text] = facts.sources;
  const values = [...facts.slots.values()];
  const measures: Measures = {
    words: countWords(text ?? ""),
    sentences: text === undefined ? 0 : splitSentences(text).length,
    coverage:
      text === undefined || values.length === 0
        ? undefined
        : values.filter((value) => text.toLowerCase().includes(value.toLowerCase())).length / values.length,
  };
  return Object.fromEntries(scores.map((score) => [score.name, judge(score, measures, dice)]));
}

function judge(score: JudgeScore, measures: Measures, dice: Dice): JsonValue {
  const { words, sentences, coverage } = measures;
  const length = Math.min(1, words / 40);
  const quality = 0.45 * length + 0.35 * (coverage ?? 0.6) + 0.2 * dice.next();
  const values = optionsByWorth(score);
  const drift = (dice.next() - 0.5) * 0.35;
  const at = Math.min(values.length - 1, Math.max(0, Math.floor((quality + drift) * values.length)));
  const chosen = values[at] ?? values[0] ?? "";
  const measured =
    words === 0
      ? "The prompt shows no longer text to judge"
      : `The text has ${words} words in ${sentences} ${sentences === 1 ? "sentence" : "sentences"}`;
  const mentions = coverage === undefined ? "" : ` and mentions ${Math.round(coverage * 100)} % of the values given`;
  const meaning = score.options[String(chosen)]?.replace(/[.\s]+$/, "") ?? "";
  return {
    score: chosen,
    reasoning: `${measured}${mentions}; by these counts "${chosen}" (${meaning}) fits ${score.name} best.`,
  };
}

const GOOD = /excellent|very good|great|fully|always|accurate|correct|perfect|best|high|complete|clear|\byes\b|pass/i;
const BAD = /poor|bad|not |never|in(?:accurate|correct|complete)|worst|low|missing|unclear|\bno\b|fail|irrelevant/i;

/** From worst to best: by number, else by the words of the descriptions, else as listed, last one worst. */
function optionsByWorth(score: JudgeScore): readonly (number | string)[] {
  const values = optionValues(score);
  if (values.every((value) => typeof value === "number")) return values;
  const worth = (value: number | string): number => {
    const text = `${value} ${score.options[String(value)] ?? ""}`;
    return (GOOD.test(text) ? 1 : 0) - (BAD.test(text) ? 2 : 0);
  };
  return values.toReversed().toSorted((left, right) => worth(left) - worth(right));
}

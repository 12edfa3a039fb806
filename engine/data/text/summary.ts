const STOP_WORDS = new Set(
  (
    "about above after again against almost already also although always among another because been before being below between both " +
    "came cannot come could does done down during each either else even ever every few first from further gave give goes good great had has have having " +
    "here hers him his how however into its itself just last least less like made make many more most much must myself never next nor not now off once one " +
    "only other others ought ours out over own quite rather really said same says see she should since some still such than that the their theirs them then " +
    "there these they thing things this those though three through too took two under until upon use used using very want was way well were what when where " +
    "which while who whom whose why will with within without would year years yes yet you your yours are and but for our can did may all any get got"
  ).split(" "),
);

export interface SummaryOptions {
  readonly sentences: number;
  readonly maxWords: number | undefined;
}

/** The sentences of a text with most of its recurring words, in their order. A text of one sentence is its own summary. */
export function summarise(text: string, { sentences: count, maxWords }: SummaryOptions): string {
  const sentences = splitSentences(text);
  const frequency = new Map<string, number>();
  for (const word of contentWords(text)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const ranked = sentences
    .map((sentence, at) => {
      const words = contentWords(sentence);
      const sum = words.reduce((total, word) => total + (frequency.get(word) ?? 0), 0);
      return { sentence, at, score: sum / Math.sqrt(words.length + 1) + (at === 0 ? 0.5 : 0) };
    })
    .toSorted((left, right) => right.score - left.score || left.at - right.at)
    .slice(0, Math.max(1, count))
    .toSorted((left, right) => left.at - right.at);
  const summary = ranked.map(({ sentence }) => sentence).join(" ");
  return maxWords === undefined ? summary : cutWords(summary, maxWords);
}

/** The most frequent content word, with the content word that stands before it most often; undefined without any. */
export function keyPhrase(text: string): string | undefined {
  const words = [...text.matchAll(/[\p{L}][\p{L}\p{N}'-]+/gu)].map(([word]) => word);
  const counts = new Map<string, number>();
  for (const word of contentWords(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [best] = [...counts].toSorted((left, right) => right[1] - left[1] || right[0].length - left[0].length);
  if (best === undefined) return undefined;
  const at = words.findIndex((word) => word.toLowerCase() === best[0]);
  const before = words[at - 1];
  const isPair = before !== undefined && isContent(before.toLowerCase()) && text.includes(`${before} ${words[at]}`);
  return isPair ? `${before} ${words[at]}` : words[at];
}

export function splitSentences(text: string): string[] {
  const sentences = text
    .replaceAll(/\s+/g, " ")
    .split(/(?<=[.!?]["”]?)\s+(?=["“]?[\p{Lu}\d])/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
  return sentences.length > 0 ? sentences : [text.trim()];
}

function contentWords(text: string): string[] {
  return [...text.toLowerCase().matchAll(/\p{L}[\p{L}\p{N}'-]+/gu)].map(([word]) => word).filter(isContent);
}

function isContent(word: string): boolean {
  return word.length > 2 && !STOP_WORDS.has(word) && !/'(?:t|s|re|ve|ll|d|m)$/.test(word);
}

/** Cuts at the limit and before a comma when one is near, so that the rest still reads as a sentence. */
function cutWords(text: string, maxWords: number): string {
  const words = text.split(" ");
  if (words.length <= maxWords) return text;
  const kept = words.slice(0, Math.max(1, maxWords));
  const comma = kept.findLastIndex((word) => /[,;:]$/.test(word));
  const end = comma >= kept.length / 2 ? comma + 1 : kept.length;
  return `${kept
    .slice(0, end)
    .join(" ")
    .replace(/[,;:]$/, "")}.`;
}

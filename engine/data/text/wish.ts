/** What a prompt asks for, read from its words. Data inside the prompt must be masked before. */
export interface Wish {
  /** A genre of the grammar, or `summary`. */
  readonly genre: string;
  readonly mood: Mood | undefined;
  readonly tone: "formal" | "casual" | undefined;
  /** Wanted number of sentences, when the prompt says one. */
  readonly sentences: number | undefined;
  readonly paragraphs: number | undefined;
  readonly maxWords: number | undefined;
  readonly minWords: number | undefined;
  readonly length: "short" | "long" | undefined;
}

export type Mood = "positive" | "negative" | "mixed";

/**
 * The kind of text named first in the prompt is the one that is wanted: "Summarise the review", "Write a title for the
 * review", "Write a review of the book". Of two at the same place the upper one is taken.
 */
const GENRE_WORDS: readonly (readonly [genre: string, words: RegExp])[] = [
  ["title", /\b(?:[\w-]+ ){0,3}(?:title|headline|subject line|heading)s?\b/i],
  ["summary", /\b(?:[\w-]+ ){0,2}(?:summar(?:y|ies|i[sz]e|i[sz]ing)|tl;?dr|abstract|condense|recap|key takeaways?)\b/i],
  ["slogan", /\b(?:[\w-]+ ){0,2}(?:slogan|tag ?line|catchphrase|motto)s?\b/i],
  [
    "clinical",
    /\b(?:clinical|medical|progress|discharge|soap|doctor'?s|physician|nursing|patient|consultation|admission)[\w' ]{0,16} (?:note|summary|report|record|letter)s?\b|\bsoap note\b/i,
  ],
  [
    "copy",
    /\b(?:product|marketing|ad|advert(?:ising)?|sales|landing page|promotional|web) (?:copy|text|blurb)|\bcopywrit|\bpromotion(?:al)? text|\badvertisement|\bsocial media post|\btweet\b/i,
  ],
  ["instruction", /\b(?:an?|one|the|user|write) (?:[\w-]+ ){0,2}(?:instruction|prompt|task description)\b/i],
  [
    "question",
    /\b(?:an?|one|the|write|generate|pose|create) (?:[\w-]+ ){0,3}(?:question|query)\b|^\s*ask\b|\bask (?:a|one|about|something)\b/i,
  ],
  ["answer", /\banswer\b|\brespond to the question|\bexplain\b|\bexplanation\b/i],
  ["conversation", /\b(?:chat|conversation|dialog(?:ue)?|transcript)\b/i],
  ["reply", /\b(?:reply|respond|response|replies)\b/i],
  ["email", /\b(?:e-?mail|letter|cover letter)s?\b/i],
  [
    "ticket",
    /\b(?:support|help ?desk|service|trouble|it|customer)[\w -]{0,12} (?:ticket|request|case|issue|complaint|inquiry|enquiry)s?\b|\bticket\b|\bcomplaint\b|\bbug report/i,
  ],
  ["incident", /\bincident|\bpost-?mortem|\boutage|\berror report|\blog (?:message|entry)/i],
  ["review", /\breviews?\b|\btestimonials?\b/i],
  ["feedback", /\bfeedback|\bcomments?\b|\bopinion|\bsurvey (?:answer|response)/i],
  ["bio", /\b(?:bio|biography|profile|persona|about me)\b/i],
  ["story", /\b(?:story|stories|tale|anecdote|narrative|poem)\b/i],
  ["name", /\b(?:an?|the|write|generate|create|invent) (?:[\w-]+ ){0,3}names?\b/i],
  ["description", /\bdescri(?:be|ption|bing)|\bblurb|\boverview/i],
  ["message", /\b(?:message|sms|text message|notification|reminder)s?\b/i],
  ["note", /\bnotes?\b|\bmemo\b|\bminutes\b/i],
];

const NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const NUMBER = `(\\d{1,4}|${NUMBER_WORDS.join("|")}|a|an|single)`;

const MOODS: readonly (readonly [mood: Mood, words: RegExp])[] = [
  ["mixed", /\b(?:mixed|neutral|balanced|ambivalent|average|indifferent)\b/i],
  [
    "negative",
    /\b(?:negative|angry|frustrated|unhappy|dissatisfied|disappointed|critical|bad|furious|upset|annoyed|complain(?:s|ing|t)?|terrible|poor|sad)\b/i,
  ],
  ["positive", /\b(?:positive|happy|enthusiastic|satisfied|delighted|glowing|good|pleased|excited|great|joyful)\b/i],
];

/** Never throws: a prompt without a known wish is `generic`. The column's name helps when the prompt names nothing. */
export function readWish(prompt: string, columnName: string): Wish {
  const range = new RegExp(`\\b${NUMBER}(?:\\s*(?:-|–|to|or)\\s*${NUMBER})?[\\s-]+sentences?\\b`, "i").exec(prompt);
  const paragraphs = new RegExp(`\\b${NUMBER}[\\s-]+paragraphs?\\b`, "i").exec(prompt);
  const words = /\b(\d{1,4})(?:\s*(?:-|–|to)\s*(\d{1,4}))?[\s-]*words?\b/i.exec(prompt);
  return {
    genre: readGenre(prompt) ?? readGenre(columnName.replaceAll(/[_-]+/g, " ")) ?? "generic",
    mood: readMood(prompt),
    tone: /\b(?:formal|professional|polite|business)\b/i.test(prompt)
      ? "formal"
      : /\b(?:casual|informal|friendly|chatty|relaxed)\b/i.test(prompt)
        ? "casual"
        : undefined,
    sentences: range === null ? undefined : readNumber(range[2] ?? range[1]),
    paragraphs: paragraphs === null ? undefined : readNumber(paragraphs[1]),
    maxWords: words === null ? undefined : Number(words[2] ?? words[1]),
    minWords: words?.[2] === undefined ? undefined : Number(words[1]),
    length: /\b(?:short|brief|concise|one-line|terse|succinct)\b/i.test(prompt)
      ? "short"
      : /\b(?:long|detailed|in-depth|thorough|comprehensive)\b/i.test(prompt)
        ? "long"
        : undefined,
  };
}

/** The mood of words such as "angry" or "mixed feelings"; undefined when there is none. */
export function readMood(text: string): Mood | undefined {
  return MOODS.find(([, words]) => words.test(text))?.[0];
}

function readGenre(text: string): string | undefined {
  let best: { genre: string; at: number } | undefined;
  for (const [genre, words] of GENRE_WORDS) {
    const at = words.exec(text)?.index;
    if (at !== undefined && (best === undefined || at < best.at)) best = { genre, at };
  }
  return best?.genre;
}

function readNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const word = NUMBER_WORDS.indexOf(text.toLowerCase());
  if (word >= 0) return word;
  return /^\d+$/.test(text) ? Number(text) : 1;
}

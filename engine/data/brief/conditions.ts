/** Items that tie a column to values of another one: "sale price 10 to 20 % below list price", "closed at only when …". */
import type { RelatedPhrase } from "./relations.ts";

const MARGIN =
  /^(?<target>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)\s+(?:(?:is|are|being|about|around|between|from|roughly|that is)\s+)*(?<from>\d+(?:\.\d+)?)\s*%?\s*(?:(?:-|to|and)\s*(?<to>\d+(?:\.\d+)?)\s*)?(?:%|percent)\s+(?<way>lower|less|below|cheaper|smaller|under|off|higher|more|above|greater|larger|over)\s+(?:than\s+)?(?:the\s+|its\s+)?(?<other>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)\s*[.!]?$/iu;
const WHEN = String.raw`(?:when|if|where|for rows where|as long as)\s+(?:the\s+)?(?<column>[\p{L}_][\p{L}\p{N}_ ]{0,40}?)\s+(?<sign>is not|isn't|!=|is|are|==?|equals)\s+["']?(?<value>[^"',;]{1,60}?)["']?\s*[.!]?$`;
const ONLY = new RegExp(
  String.raw`^(?<target>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)\s+(?:(?:is|are|should be|must be)\s+)?(?:(?:filled|set|present|given|known|there)\s+)?only\s+(?:(?:filled|set|present|given)\s+)?${WHEN}`,
  "iu",
);
const EMPTY = new RegExp(
  String.raw`^(?:(?:skip|leave out|omit)\s+(?:the\s+)?(?<skipped>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)|(?<target>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)\s+(?:(?:is|are|should be|must be)\s+)?(?:empty|null|missing|blank|not set))\s+${WHEN}`,
  "iu",
);
const UNLESS = new RegExp(
  String.raw`^(?<target>[\p{L}_][\p{L}\p{N}_ ]{0,60}?)\s+(?:(?:is|are|should be|must be)\s+)?(?:empty|null|missing|blank)\s+unless\s+(?:the\s+)?(?<column>[\p{L}_][\p{L}\p{N}_ ]{0,40}?)\s+(?:is|are|==?|equals)\s+["']?(?<value>[^"',;]{1,60}?)["']?\s*[.!]?$`,
  "iu",
);

export function readCondition(text: string): RelatedPhrase | undefined {
  return readMargin(text) ?? readPresence(text);
}

function readMargin(text: string): RelatedPhrase | undefined {
  const groups = /\d\s*(?:%|percent)/i.test(text) ? MARGIN.exec(text)?.groups : undefined;
  if (groups === undefined) return undefined;
  const { target = "", other = "", way = "" } = groups;
  const [from, to] = [Number(groups["from"]) / 100, Number(groups["to"] ?? groups["from"]) / 100];
  const isUp = /higher|more|above|greater|larger|over/i.test(way);
  const ends = [isUp ? 1 + from : 1 - from, isUp ? 1 + to : 1 - to];
  return { phrase: target, relation: { kind: "margin", other, low: Math.min(...ends), high: Math.max(...ends) } };
}

function readPresence(text: string): RelatedPhrase | undefined {
  if (!/\b(?:only|skip|leave out|omit|empty|null|missing|blank|not set)\b/i.test(text)) return undefined;
  const only = ONLY.exec(text)?.groups ?? UNLESS.exec(text)?.groups;
  const empty = only === undefined ? EMPTY.exec(text)?.groups : undefined;
  const groups = only ?? empty;
  if (groups === undefined) return undefined;
  const { column = "", value = "", sign = "is" } = groups;
  const isNot = /not|n't|!=/.test(sign);
  const phrase = groups["target"] ?? groups["skipped"] ?? "";
  return { phrase, relation: { kind: "present", other: column, value, isWhenEqual: (only !== undefined) !== isNot } };
}

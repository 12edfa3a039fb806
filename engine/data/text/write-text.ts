import type { Dice } from "./dice.ts";
import { type PromptFacts, readTopic } from "./facts.ts";
import { type GrammarScope, expandRule, polish } from "./grammar.ts";
import { DOMAINS, type Domain, GENRES, type Genre, RULES, SLOTS } from "./lexicon.ts";
import { keyPhrase, summarise } from "./summary.ts";
import { type Mood, type Wish, readMood } from "./wish.ts";

export interface WriteOptions {
  readonly wish: Wish;
  readonly facts: PromptFacts;
  readonly dice: Dice;
}

/** Draws for a text that must fit a number of words before the shortest is taken as it is. */
const LENGTH_DRAWS = 8;
const MAX_SENTENCES = 60;

/** A text of the wanted kind, mood and length about what the prompt shows. Never empty. */
export function writeText({ wish, facts, dice }: WriteOptions): string {
  const topic = chooseTopic(facts, dice);
  const domain = chooseDomain(facts);
  const scope = createScope({ wish, facts, dice, topic, domain });
  if (wish.genre === "summary" && facts.sources[0] !== undefined) {
    const lead = dice.next() < 0.5 ? expandRule("summary_lead", scope) : "";
    return polish(lead + summarise(facts.sources[0], { sentences: wish.sentences ?? 1, maxWords: wish.maxWords }));
  }
  const genre = GENRES.get(wish.genre === "summary" ? "generic" : wish.genre) ?? GENRES.get("generic");
  if (genre === undefined) throw new Error("the grammar has no generic genre");
  if (wish.maxWords === undefined) return writeParagraphs(genre, wish, scope);
  let best = "";
  for (let draw = 0; draw < LENGTH_DRAWS; draw += 1) {
    const text = fitWords(genre, wish, wish.maxWords, { ...scope, used: new Set() });
    if (best === "" || countWords(text) < countWords(best)) best = text;
    if (countWords(best) <= wish.maxWords) break;
  }
  return best;
}

function writeParagraphs(genre: Genre, wish: Wish, scope: GrammarScope): string {
  const paragraphs = Array.from({ length: Math.min(wish.paragraphs ?? 1, 10) }, () =>
    sentencesOf(genre, sentenceCount(genre, wish, scope.dice), scope).join(" "),
  );
  return frame(genre, paragraphs.join("\n\n"), scope);
}

/** As many sentences as the limit allows, at least one; a frame such as an email's does not count. */
function fitWords(genre: Genre, wish: Wish, maxWords: number, scope: GrammarScope): string {
  const low = wish.minWords ?? Math.round(maxWords * 0.6);
  let count = wish.sentences ?? genre.count[1];
  let sentences = sentencesOf(genre, count, scope);
  while (wish.sentences === undefined && count > 1 && countWords(sentences.join(" ")) > maxWords) {
    count -= 1;
    sentences = sentencesOf(genre, count, { ...scope, used: new Set() });
  }
  while (wish.sentences === undefined && sentences.length < MAX_SENTENCES && countWords(sentences.join(" ")) < low) {
    const next = polish(expandRule(genre.more, scope));
    if (countWords(sentences.join(" ")) + countWords(next) > maxWords) break;
    sentences.push(next);
  }
  return frame(genre, sentences.join(" "), scope);
}

function frame(genre: Genre, body: string, scope: GrammarScope): string {
  if (genre.frame === undefined) return polish(body);
  const facts = new Map(scope.facts).set("body", body);
  const rules = new Map(scope.localRules).set("frame", genre.frame);
  return polish(expandRule("frame", { ...scope, facts, localRules: rules }));
}

function sentencesOf(genre: Genre, count: number, scope: GrammarScope): string[] {
  const wanted = genre.priority.slice(0, count);
  const rules: string[] = [];
  for (const rule of genre.order) {
    const at = wanted.indexOf(rule);
    if (at < 0) continue;
    wanted.splice(at, 1);
    rules.push(rule);
  }
  while (rules.length < Math.min(count, MAX_SENTENCES)) rules.splice(Math.max(1, rules.length - 1), 0, genre.more);
  return rules.map((rule) => polish(expandRule(rule, scope)));
}

function sentenceCount(genre: Genre, wish: Wish, dice: Dice): number {
  const [low, high] = genre.count;
  if (wish.sentences !== undefined) return Math.max(1, wish.sentences);
  if (wish.length === "short") return low;
  return wish.length === "long" ? high + 2 : dice.between(low, high);
}

interface ScopeOptions extends WriteOptions {
  readonly topic: string;
  readonly domain: Domain;
}

function createScope({ wish, facts, dice, topic, domain }: ScopeOptions): GrammarScope {
  const mood = chooseMood(wish, facts, dice);
  const known = new Map(facts.slots);
  const person = known.get("person") ?? randomName(dice);
  const product =
    known.get("product") ??
    (facts.slots.has("topic") || readTopic(facts.maskedPrompt) ? topic : dice.pick(domain.items));
  known
    .set("person", person)
    .set("recipient", recipient(facts.slots, wish, dice))
    .set("sender", randomName(dice));
  known.set("agent", `${dice.pick(SLOTS.first_names)}, Support`).set("topic", topic);
  known.set("the_product", withArticle(product, domain)).set("patient_line", patientLine(known, facts, dice));
  const given = new Set(facts.slots.keys());
  if (given.has("product") || given.has("topic")) given.add("the_product").add("topic");
  if (given.has("person") || given.has("age")) given.add("patient_line");
  const localRules = new Map([
    ["praise", domain.praise],
    ["complaint", domain.complaint],
  ]);
  // The title of an article has no mood; that of a review has its rating's.
  const hasMood =
    wish.genre !== "title" || wish.mood !== undefined || facts.slots.has("rating") || facts.slots.has("sentiment");
  const variants = [...(hasMood ? [mood] : []), ...(wish.tone === undefined ? [] : [wish.tone])];
  return { dice, facts: known, given, rules: RULES, localRules, variants, used: new Set() };
}

/** What the record says comes before what the prompt's own words say; without either most texts are positive. */
export function chooseMood(wish: Wish, facts: PromptFacts, dice: Dice): Mood {
  const rating = /^\s*(\d+(?:\.\d+)?)/.exec(facts.slots.get("rating") ?? "")?.[1];
  const inPrompt = /\b(\d{1,2})(?:\.\d)?(?:\s*(?:\/|out of)\s*\d+)?[\s-]+stars?\b/i.exec(facts.maskedPrompt)?.[1];
  if (rating !== undefined || inPrompt !== undefined) {
    const value = Number(rating ?? inPrompt);
    const top = value > 5 || /(?:\/|out of|to)\s*10\b/i.test(facts.maskedPrompt) ? 10 : 5;
    const share = value / top;
    return share >= 0.7 ? "positive" : share <= 0.45 ? "negative" : "mixed";
  }
  const fromRecord = readMood(`${facts.slots.get("sentiment") ?? ""} ${facts.slots.get("rating") ?? ""}`);
  if (fromRecord !== undefined) return fromRecord;
  if (wish.mood !== undefined) return wish.mood;
  const draw = dice.next();
  return draw < 0.6 ? "positive" : draw < 0.8 ? "mixed" : "negative";
}

function chooseTopic(facts: PromptFacts, dice: Dice): string {
  const known = facts.slots.get("topic") ?? facts.slots.get("product") ?? facts.slots.get("issue");
  if (known !== undefined) return known;
  return (facts.sources[0] && keyPhrase(facts.sources[0])) ?? readTopic(facts.maskedPrompt) ?? dice.pick(SLOTS.things);
}

/** The first domain that has a word of the record's subject, else of the prompt. */
export function chooseDomain(facts: PromptFacts): Domain {
  const subject = ["product", "topic", "issue", "company"].map((slot) => facts.slots.get(slot) ?? "").join(" ");
  const names = [...facts.slots.values()].join(" ");
  const general = DOMAINS.at(-1);
  if (general === undefined) throw new Error("the lexicon has no domains");
  const find = (text: string): Domain | undefined =>
    DOMAINS.find(({ words }) => words.some((word) => new RegExp(`\\b${word}(?:s|es|ing)?\\b`, "i").test(text)));
  return find(subject) ?? find(names) ?? find(facts.maskedPrompt) ?? general;
}

/** Books and films are named, other things are "the …"; an article that is already there is not doubled. */
function withArticle(product: string, domain: Domain): string {
  if (domain.name === "book" || domain.name === "film") return `“${product}”`;
  return `the ${product.replace(/^(?:an?|the)\s+/i, "")}`;
}

function recipient(known: ReadonlyMap<string, string>, wish: Wish, dice: Dice): string {
  const person = known.get("person");
  if (person === undefined) return wish.tone === "formal" ? "Sir or Madam" : "there";
  const parts = person.split(/\s+/);
  const last = parts.at(-1) ?? person;
  const title = dice.next() < 0.5 ? "Ms" : "Mr";
  if (wish.tone !== "formal") return parts[0] ?? person;
  const sex = known.get("sex") ?? "";
  return parts.length < 2 ? person : `${/^f/i.test(sex) ? "Ms" : /^m/i.test(sex) ? "Mr" : title} ${last}`;
}

function patientLine(known: ReadonlyMap<string, string>, facts: PromptFacts, dice: Dice): string {
  const age = known.get("age") ?? String(dice.between(19, 86));
  const sexWord = dice.next() < 0.5 ? "woman" : "man";
  const sex = known.get("sex") ?? "";
  const noun = /^f/i.test(sex) ? "woman" : /^m/i.test(sex) ? "man" : sexWord;
  const name = facts.slots.get("person");
  if (name === undefined) return `a ${age}-year-old ${noun}`;
  return sex === "" ? `${name}, aged ${age},` : `${name}, a ${age}-year-old ${noun},`;
}

export function randomName(dice: Dice): string {
  return `${dice.pick(SLOTS.first_names)} ${dice.pick(SLOTS.last_names)}`;
}

export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

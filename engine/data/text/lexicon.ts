import { z } from "zod";

import domains from "../../../seeds/text/domains.json" with { type: "json" };
import prose from "../../../seeds/text/prose.json" with { type: "json" };
import review from "../../../seeds/text/review.json" with { type: "json" };
import slots from "../../../seeds/text/slots.json" with { type: "json" };
import support from "../../../seeds/text/support.json" with { type: "json" };

const texts = z.array(z.string()).min(1);
const Genre = z.object({
  /** Text around the sentences, which stand for `{body}`. */
  frame: texts.optional(),
  /** Rules of the sentences, in the order of the text. */
  order: texts,
  /** The same rules, the most needed first: a short text keeps the first ones. */
  priority: texts,
  /** Rule of the sentences that a longer text gets. */
  more: z.string(),
  /** Fewest and most sentences when the prompt does not say. */
  count: z.tuple([z.number(), z.number()]),
});
export type Genre = z.infer<typeof Genre>;
const Grammar = z.object({ genres: z.record(z.string(), Genre), rules: z.record(z.string(), texts) });

const Domain = z.object({
  name: z.string(),
  words: z.array(z.string()),
  items: texts,
  praise: texts,
  complaint: texts,
});
export type Domain = z.infer<typeof Domain>;

const Slots = z.object({
  slots: z.array(z.object({ slot: z.string(), names: texts })),
  things: texts,
  first_names: texts,
  last_names: texts,
});

const grammars = [review, support, prose].map((file) => Grammar.parse(file));

export const GENRES: ReadonlyMap<string, Genre> = new Map(grammars.flatMap(({ genres }) => Object.entries(genres)));
export const RULES: ReadonlyMap<string, readonly string[]> = new Map(
  grammars.flatMap(({ rules }) => Object.entries(rules)),
);
/** Subjects of reviews and the like; the last one fits anything. */
export const DOMAINS: readonly Domain[] = z.array(Domain).parse(domains.domains);

/** What the columns of a record may mean, by name, and words for what nobody gave. */
export const SLOTS = Slots.parse(slots);

/** The table of what names mean that the lexicon does not know. */
import type { DraftColumn } from "../design/draft.ts";
import {
  categoryColumn,
  dateColumn,
  datetimeColumn,
  flagColumn,
  integerColumn,
  numberColumn,
  sampler,
  textColumn,
} from "./columns.ts";
import type { FieldKind } from "./lexicon/types.ts";

/** What the last words of a name usually mean. */
export interface NameRule {
  readonly kind: FieldKind;
  /** Words, by their end or as a whole, after `normaliseWords`. */
  readonly words: RegExp;
  readonly make: (name: string) => DraftColumn;
  readonly note: string;
}

/** For dates without a window, as in the lexicon: the same brief is to give the same dataset on any day. */
const YEAR = { start: "2025-01-01", end: "2026-01-01" } as const;

/** "days" are a number where "day" is a date. */
export const PLURAL_UNIT = /^(?:number of |total )?(?:days|weeks|months|years|hours|minutes|seconds|nights)$/i;

/** The first rule whose words fit counts; the thing itself stands last in a name. */
export const NAME_RULES: readonly NameRule[] = [
  {
    kind: "integer",
    words: PLURAL_UNIT,
    make: (name) => integerColumn(name, 1, 30),
    note: "1 to 30",
  },
  {
    kind: "boolean",
    words:
      /^(?:is|has|was|can|should|did|does|will|had|are|needs?)\b|\b(?:flag|enabled|active|verified|deleted|approved|required|opt in|subscribed|churned|allowed|logged in)$/,
    make: (name) => flagColumn(name, 0.3),
    note: "1 in 30 % of the rows, else 0",
  },
  {
    kind: "id",
    words: /\b(?:id|uuid|guid|identifier|key|hash|token|reference|ref|serial|code number)$/,
    make: (name) => sampler(name, "uuid", { short_form: true, uppercase: true, prefix: `${prefixOf(name)}-` }),
    note: "unique codes",
  },
  {
    kind: "datetime",
    words: /\b(?:at|datetime|timestamp|time)$/,
    make: (name) => datetimeColumn(name, YEAR),
    note: "times of the last 365 days",
  },
  {
    kind: "date",
    words:
      /^date\b|\b(?:date|day|on|deadline|birthday|expiry|since|until)$|^(?:first|last) [a-z]+ed$|\b(?:check|checked|sign|signed|move|moved) (?:in|out|up)$/,
    make: (name) => dateColumn(name, YEAR),
    note: "dates of the last 365 days",
  },
  {
    kind: "number",
    words: /\b(?:area|size|surface)\b.*\b(?:km2|sqkm|m2|sqm|sq|hectare|acre)\b/,
    make: (name) =>
      sampler(name, "scipy", { dist_name: "lognorm", dist_params: { s: 1, scale: 500 }, decimal_places: 1 }),
    note: "mostly small with some large areas",
  },
  {
    kind: "integer",
    words: /\byear$/,
    make: (name) => integerColumn(name, 2_005, 2_025),
    note: "the last 20 years",
  },
  {
    kind: "integer",
    words: /\bmonth$/,
    make: (name) => integerColumn(name, 1, 12),
    note: "1 to 12",
  },
  { kind: "integer", words: /\bhour$/, make: (name) => integerColumn(name, 0, 23), note: "0 to 23" },
  { kind: "integer", words: /\bage$/, make: (name) => integerColumn(name, 18, 90), note: "18 to 90" },
  {
    kind: "integer",
    words: /\b(?:rating|star)$/,
    make: (name) => categoryColumn(name, [1, 2, 3, 4, 5], [0.06, 0.09, 0.2, 0.35, 0.3]),
    note: "1 to 5",
  },
  {
    kind: "number",
    words: /\b(?:pct|percent|percentage|%|share|utilization|utilisation|usage|humidity|completion|progress|load)$/,
    make: (name) => numberColumn(name, 0, 100, 1),
    note: "0 to 100",
  },
  {
    kind: "number",
    words: /\b(?:rate|ratio|probability|proportion|fraction|likelihood|confidence|accuracy|precision|recall|discount)$/,
    make: (name) => numberColumn(name, 0, 1, 3),
    note: "0 to 1",
  },
  {
    kind: "number",
    words: /\b(?:score|index|level score|points?|grade)$/,
    make: (name) => numberColumn(name, 0, 100, 1),
    note: "0 to 100",
  },
  {
    kind: "money",
    words:
      /\b(?:price|cost|amount|total|fee|salary|income|revenue|balance|payment|value|budget|profit|charge|premium|wage|spend|spending|tax|usd|eur|debt|loan|rent|bill|fare|turnover|expense|deposit|worth|hoard|subtotal|vat|commission|cash|payout|refund|turnover)$/,
    make: (name) =>
      sampler(name, "scipy", {
        dist_name: "lognorm",
        dist_params: { s: 0.8, scale: /salary|income|revenue|budget|loan/.test(name) ? 50_000 : 120 },
        decimal_places: 2,
      }),
    note: "money, mostly small with some large amounts",
  },
  {
    kind: "integer",
    words:
      /\b(?:count|quantity|qty|number|num|visit|click|item|unit|view|session|login|attempt|order|purchase|employee|seat|room|bed|child|floor|step|page|call|like|follower|download|defect|error|retry|total number)$|^(?:num|n|count|number)\b/,
    make: (name) => sampler(name, "poisson", { mean: 4 }),
    note: "whole numbers around 4",
  },
  {
    kind: "number",
    words: /\b(?:duration|length|minute|second|latency|elapsed|delay|wait|runtime|uptime|ms)$/,
    make: (name) =>
      sampler(name, "scipy", { dist_name: "lognorm", dist_params: { s: 0.6, scale: 30 }, decimal_places: 1 }),
    note: "durations, mostly short",
  },
  {
    kind: "number",
    words: /\b(?:temperature|temp|celsius)$/,
    make: (name) => sampler(name, "gaussian", { mean: 20, stddev: 5, decimal_places: 1 }),
    note: "normal around 20",
  },
  {
    kind: "number",
    words:
      /\b(?:weight|height|width|depth|size|distance|speed|volume|area|pressure|power|voltage|current|mass|force|energy|frequency|wind|radius|angle|altitude|capacity|kg|km|cm|mm|kwh|watt|thickness|density)$/,
    make: (name) => sampler(name, "gaussian", { mean: 100, stddev: 20, decimal_places: 1 }),
    note: "normal around 100",
  },
  { kind: "geo", words: /\b(?:lat|latitude)$/, make: (name) => numberColumn(name, -90, 90, 5), note: "-90 to 90" },
  {
    kind: "geo",
    words: /\b(?:lon|lng|long|longitude)$/,
    make: (name) => numberColumn(name, -180, 180, 5),
    note: "-180 to 180",
  },
  {
    kind: "category",
    words: /\b(?:status|state of)$/,
    make: (name) => categoryColumn(name, ["active", "pending", "closed"], [0.6, 0.25, 0.15]),
    note: "active, pending, closed",
  },
  {
    kind: "category",
    words: /\b(?:level|priority|severity|tier|risk)$/,
    make: (name) => categoryColumn(name, ["low", "medium", "high"], [0.5, 0.35, 0.15]),
    note: "low, medium, high",
  },
  {
    kind: "category",
    words: /\b(?:colou?r)$/,
    make: (name) => categoryColumn(name, ["black", "white", "red", "blue", "green", "grey"]),
    note: "six colours",
  },
  {
    kind: "category",
    words: /\b(?:size class|shirt size)$/,
    make: (name) => categoryColumn(name, ["S", "M", "L", "XL"]),
    note: "S to XL",
  },
  {
    kind: "category",
    words: /\b(?:type|category|class|group|segment|kind|label|bucket|cohort|variant)$/,
    make: (name) => categoryColumn(name, ["A", "B", "C"], [0.5, 0.3, 0.2]),
    note: "A, B and C; name the values you want",
  },
  {
    kind: "boolean",
    words: /^(?!hundred|infrared|hatred|kindred|sacred)[a-z]{3,}[^e]ed$/,
    make: (name) => flagColumn(name, 0.3),
    note: "1 in 30 % of the rows, else 0",
  },
  {
    kind: "text",
    words:
      /\b(?:note|comment|description|review|summary|text|message|feedback|remark|bio|story|body|content|reason|complaint|explanation|abstract|question|answer|conversation|transcript|email body|title|headline|subject|name|slogan|tagline|caption|report|response|reply|prompt|instruction|post|tweet|letter|testimonial|opinion|observation|narrative|history|biography|recommendation)$/,
    make: (name) => textColumn(name, ""),
    note: "written by the text model",
  },
];

/** `order_id` → ORD, `customer reference` → CUS. */
function prefixOf(name: string): string {
  const word = /[\p{L}]{2,}/u.exec(name.replace(/[_ ]?(?:id|uuid|guid|key)$/i, ""))?.[0] ?? "ID";
  return word.slice(0, 3).toUpperCase();
}

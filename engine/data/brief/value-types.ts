/** Words for the type of a column's values: "integer", "free text", "python code", "yes/no", `VARCHAR(20)`. */
import type { FieldKind } from "./lexicon/types.ts";
import type { Remainder } from "./words.ts";

export type ValueType =
  | { readonly kind: Exclude<FieldKind, "code" | "text"> }
  | { readonly kind: "string" }
  | { readonly kind: "json" }
  | { readonly kind: "text"; readonly wish: string }
  | { readonly kind: "code"; readonly language: string };

const LANGUAGES: Readonly<Record<string, string>> = {
  python: "python",
  javascript: "javascript",
  typescript: "typescript",
  java: "java",
  "c++": "cpp",
  cpp: "cpp",
  "c#": "csharp",
  csharp: "csharp",
  go: "go",
  golang: "go",
  rust: "rust",
  ruby: "ruby",
  kotlin: "kotlin",
  scala: "scala",
  swift: "swift",
  bash: "bash",
  shell: "bash",
  sql: "sql:ansi",
  sqlite: "sql:sqlite",
  postgres: "sql:postgres",
  postgresql: "sql:postgres",
  mysql: "sql:mysql",
};
const LANGUAGE = Object.keys(LANGUAGES)
  .map((word) => word.replaceAll("+", String.raw`\+`))
  .join("|");
const CODE = new RegExp(
  String.raw`(?<![\p{L}])(?<language>${LANGUAGE})(?:\s+(?:code|snippets?|functions?|scripts?|programs?|quer(?:y|ies)|statements?|examples?))+(?![\p{L}])|\b(?:code|snippets?|script|program)\s+(?:written\s+)?(?:in|\()\s*(?<in>${LANGUAGE})(?![\p{L}])\)?`,
  "iu",
);
const TEXT =
  /(?<![\p{L}_])(?:(?:a |an |with |of |in |as |,\s*)*(?:(?:free|long|short|full|natural(?:[\s-]language)?|realistic)[\s-](?:form )?text|free[\s-]?form|prose|llm(?:[\s-]generated)?(?: text)?|(?:generated|written) by (?:an? |the )?(?:llm|model|ai)|(?:\d{1,2}|one|two|three|four|five|a few|some|single)(?:\s?(?:-|to)\s?\d{1,2})?[\s-](?:sentences?|paragraphs?|words)(?:\s+long)?))(?![\p{L}_])/iu;

/** Words of types where they describe another word: "(int, 1-5)", "age: integer", "price as float". */
const WORDS: readonly (readonly [Exclude<FieldKind, "code" | "text"> | "string" | "json", RegExp])[] = [
  [
    "json",
    /(?:\b(?:as |a )?json(?:b)?(?:\s+(?:object|document|blob|structure|payload|metadata))?\b|\bstructured (?:data|object)\b)/i,
  ],
  // Numbers that a database counts up are there to tell rows apart; drawn numbers would repeat.
  [
    "id",
    /\b(?:(?:big|small)?serial(?! (?:number|no|code)s?\b)|auto[\s_-]?increment(?:ing|ed)?)(?: (?:primary key|unique))?\b/i,
  ],
  [
    "integer",
    /\b(?:as |an? |type )?(?:(?:big|small|tiny)?int(?:eger)?(?:8|16|32|64)?s?|whole numbers?)\b(?:\s*\(\d+\))?/i,
  ],
  [
    "number",
    /(?<=[(,:]\s*)number\b(?!\s*\p{L})|\b(?:as |an? |type )?(?:floats?(?:32|64)?|doubles?(?: precision)?|decimals?|numeric|real numbers?|number type|continuous)\b(?:\s*\(\d+(?:,\s*\d+)?\))?/iu,
  ],
  ["money", /\b(?:as |in )?(?:money|currency|usd|eur|gbp|us dollars|dollars|euros?)\b/i],
  [
    "datetime",
    /(?<=[(,:]\s*|\bas (?:an? )?)(?:datetime|timestamp(?:tz)?|date[\s-]time|date and time|iso ?8601)\b(?: with(?:out)? time ?zone)?/i,
  ],
  ["date", /(?<=[(,:]\s*|\bas (?:an? )?)(?:date|yyyy-mm-dd)(?=\s*(?:[,)]|$|in\b|from\b|between\b|since\b))/i],
  [
    "boolean",
    /\b(?:as |an? )?(?:bool(?:ean)?s?(?: flag)?|true\s?(?:\/|or)\s?false|yes\s?(?:\/|or)\s?no|0\s?(?:\/|or)\s?1|binary(?: flag)?)(?![\w/])/i,
  ],
  [
    "id",
    /(?<=[(,:]\s*|\bas (?:an? )?|\ba )(?:uuids?|guids?|unique id(?:entifier)?s?|identifier|primary key)\b|\buuid\b(?:\s*v?4)?/i,
  ],
  ["string", /(?<=[(,:]\s*|\bas (?:an? )?)(?:strings?|str|varchar|char|nvarchar|text|object)\b(?:\s*\(\d+\))?/i],
  // As SQL writes them.
  ["string", /(?<=[\p{L}\d]\s)(?:N?VARCHAR|TEXT|CHAR)\b(?:\s*\(\d+\))?/u],
];

/** The type that the text names, cut out of it. */
export function takeType(text: Remainder): ValueType | undefined {
  const code = text.take(CODE)?.groups;
  const language = code?.["language"] ?? code?.["in"];
  if (language !== undefined) return { kind: "code", language: LANGUAGES[language.toLowerCase()] ?? "python" };
  const prose = text.take(TEXT);
  if (prose !== undefined)
    return { kind: "text", wish: prose[0].trim().replace(/^(?:(?:a|an|with|of|in|as|,)\s+)+/i, "") };
  for (const [kind, pattern] of WORDS) {
    const match = pattern.exec(text.text);
    // A word that is the whole name, such as "date", is no type.
    if (match === null || match[0].trim() === text.text.trim()) continue;
    text.cut(match.index, match.index + match[0].length);
    return { kind };
  }
  return undefined;
}

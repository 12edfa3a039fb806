/** Countries and languages that a brief names, and the locale that people then come from. */
import { chooseLocale } from "../design/locales.ts";
import type { Remainder } from "./words.ts";

/** Words of one locale; the first is the country. */
const PLACES: readonly (readonly [locale: string, words: string])[] = [
  ["en_US", "united states|u\\.?s\\.?a\\.?|us|american|americans|the states"],
  ["en_GB", "united kingdom|great britain|england|uk|u\\.k\\.|british|english|scottish|welsh"],
  ["de_AT", "austria|austrian|austrians"],
  ["de_CH", "switzerland|swiss"],
  ["de_DE", "germany|german|germans|deutschland"],
  ["fr_CA", "quebec|québec|french canadian"],
  ["fr_BE", "belgium|belgian|belgians"],
  ["fr_FR", "france|french"],
  ["ja_JP", "japan|japanese"],
  ["ko_KR", "south korea|korea|korean|koreans"],
  ["zh_CN", "china|chinese"],
  ["zh_TW", "taiwan|taiwanese"],
  ["en_IN", "india|indian|indians"],
  ["pt_BR", "brazil|brasil|brazilian|brazilians"],
  ["pt_PT", "portugal|portuguese"],
  ["es_MX", "mexico|mexican|mexicans"],
  ["es_ES", "spain|spanish|spaniards"],
  ["it_IT", "italy|italian|italians"],
  ["nl_NL", "netherlands|holland|dutch"],
  ["pl_PL", "poland|polish"],
  ["sv_SE", "sweden|swedish|swedes"],
  ["no_NO", "norway|norwegian|norwegians"],
  ["da_DK", "denmark|danish|danes"],
  ["fi_FI", "finland|finnish|finns"],
  ["cs_CZ", "czech republic|czechia|czech|czechs"],
  ["hu_HU", "hungary|hungarian|hungarians"],
  ["ro_RO", "romania|romanian|romanians"],
  ["el_GR", "greece|greek|greeks"],
  ["tr_TR", "turkey|türkiye|turkish|turks"],
  ["ru_RU", "russia|russian|russians"],
  ["uk_UA", "ukraine|ukrainian|ukrainians"],
  ["he_IL", "israel|israeli|israelis|hebrew"],
  ["ar_SA", "saudi arabia|saudi|arabic"],
  ["ar_EG", "egypt|egyptian|egyptians"],
  ["fa_IR", "iran|iranian|persian"],
  ["vi_VN", "vietnam|vietnamese"],
  ["th_TH", "thailand|thai"],
  ["id_ID", "indonesia|indonesian|indonesians"],
  ["en_AU", "australia|australian|australians|aussie"],
  ["en_NZ", "new zealand|kiwi"],
  ["en_CA", "canada|canadian|canadians"],
  ["en_IE", "ireland|irish"],
  ["zu_ZA", "south africa|south african|south africans"],
  ["es_AR", "argentina|argentinian|argentine"],
  ["es_CL", "chile|chilean"],
  ["es_CO", "colombia|colombian"],
];

const LOCALES: ReadonlyMap<string, string> = new Map(
  PLACES.flatMap(([locale, words]) => words.split("|").map((word) => [word, locale] as const)),
);
const MAX_PLACE_WORDS = 3;

/** What can come from somewhere: "German customers", "Japanese phone numbers". */
const PEOPLE = new Set(
  "name names customer customers people person persons patient patients user users employee employees client clients citizen citizens student students buyer buyers seller sellers member members resident residents address addresses phone phones cities city street streets household households company companies worker workers consumer consumers shopper shoppers driver drivers voter voters subscriber subscribers passenger passengers guest guests teacher teachers doctor doctors locale locales data dataset applicant applicants tenant tenants policyholder policyholders taxpayer taxpayers donor donors visitor visitors account accounts invoice invoices order orders shop shops store stores hospital hospitals bank banks market format formats style iban ibans".split(
    " ",
  ),
);
/** Words between a place and what comes from there. */
const MAX_BETWEEN = 2;

const CODE = /\b(?:locale\s*[:=]?\s*)?(?<code>[a-z]{2,3}[_-](?:[A-Z][a-z]{3}[_-])?[A-Z]{2})\b/;
const IN =
  /(?<![\p{L}(,/|"])\s*(?:\b(?:living|based|located|born|residing) )?\b(?:in|from|of|for|across|throughout)\s+(?:the\s+)?$/iu;
const LISTED = /^\s*[,/|]|^\s+(?:or|and)\b/i;

/**
 * The locale that the text asks for: a code (`fr_FR`), "in Japan", "German customers". Only its own words are cut out.
 * Lists of countries are values of a column and stay.
 */
export function takeLocale(text: Remainder): string | undefined {
  const code = CODE.exec(text.text);
  const named = code?.groups?.["code"]?.replaceAll("-", "_");
  if (code !== null && named !== undefined && chooseLocale(named).isKnown) {
    text.cut(code.index, code.index + code[0].length);
    return named;
  }
  const words = [...text.text.matchAll(/[\p{L}\p{N}](?:[\p{L}\p{N}]|\.(?=\p{L}))*/gu)];
  for (const [at, first] of words.entries()) {
    for (let count = Math.min(MAX_PLACE_WORDS, words.length - at); count > 0; count -= 1) {
      const last = words[at + count - 1];
      if (last === undefined) continue;
      const end = last.index + last[0].length;
      const place = text.text.slice(first.index, end);
      const locale = LOCALES.get(place.toLowerCase());
      // "us" is a word of its own, so it counts in capitals only.
      if (locale === undefined || place === "us") continue;
      const intro = IN.exec(text.text.slice(0, first.index));
      const isPlace = intro !== null && !LISTED.test(text.text.slice(end));
      if (!isPlace && !isOfPeople(text.text, end, words.slice(at + count))) continue;
      text.cut(isPlace ? intro.index : first.index, end);
      return locale;
    }
  }
  return undefined;
}

/** Whether people or their things follow, directly or after one or two words: "German male customers". */
function isOfPeople(text: string, end: number, following: readonly RegExpExecArray[]): boolean {
  let from = end;
  for (const word of following.slice(0, MAX_BETWEEN + 1)) {
    if (!/^[ -]$/.test(text.slice(from, word.index))) return false;
    const plain = word[0].toLowerCase();
    if (PEOPLE.has(plain)) return true;
    if (plain === "and" || plain === "or" || plain === "with") return false;
    from = word.index + word[0].length;
  }
  return false;
}

/** The country's name as people write it; for a question or a note. */
export function countryOf(locale: string): string {
  return PLACES.find(([code]) => code === locale)?.[1].split("|")[0] ?? locale;
}

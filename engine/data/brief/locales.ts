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

const PEOPLE =
  "names?|customers?|people|persons?|patients?|users?|employees?|clients?|citizens?|students?|buyers?|sellers?|members?|residents?|addresses|address|phone numbers?|cities|city|streets?|households?|companies|workers|consumers|shoppers|drivers|voters|subscribers|passengers|guests|teachers|doctors|locale|locales|data|dataset|applicants|tenants|policy ?holders|taxpayers|donors|visitors|accounts?|invoices?|orders?|shops?|stores?|hospitals?|banks?|market";

const CODE = /\b(?:locale\s*[:=]?\s*)?(?<code>[a-z]{2,3}[_-](?:[A-Z][a-z]{3}[_-])?[A-Z]{2})\b/;

interface Place {
  readonly locale: string;
  /** "in Japan", "Japanese", without the word after it. */
  readonly pattern: RegExp;
}

const PATTERNS: readonly Place[] = PLACES.map(([locale, words]) => ({
  locale,
  // "us" and the like are words of their own, so those count in capitals or after "the" only.
  pattern: new RegExp(
    String.raw`(?<![\p{L}(,/|"])\s*\b(?:(?:living |based |located |born |residing )?(?:in|from|of|for|across|throughout)\s+(?:the\s+)?(?<place>${words})\b(?!\s*[,/|]|\s+(?:or|and)\b)|(?<people>${words})(?=(?:[ -](?!and\b|or\b|with\b)[\p{L}]+){0,2}?[ -](?:${PEOPLE})\b))`,
    "iu",
  ),
}));

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
  for (const { locale, pattern } of PATTERNS) {
    const match = pattern.exec(text.text);
    const word = match?.groups?.["place"] ?? match?.groups?.["people"];
    if (match === null || word === undefined || /^us$/.test(word)) continue;
    text.cut(match.index, match.index + match[0].length);
    return locale;
  }
  return undefined;
}

/** The country's name as people write it; for a question or a note. */
export function countryOf(locale: string): string {
  return PLACES.find(([code]) => code === locale)?.[1].split("|")[0] ?? locale;
}

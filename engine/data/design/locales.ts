import { nearestName } from "./nearest.ts";

/** Locales of `person`: those that the original has census-based datasets for. */
export const MANAGED_LOCALES = [
  "en_US",
  "en_IN",
  "en_SG",
  "fr_FR",
  "hi_Deva_IN",
  "hi_Latn_IN",
  "ja_JP",
  "ko_KR",
  "pt_BR",
] as const;

/** Python Faker's locale → the name data of @faker-js/faker 10 that fits it. */
const SAME_LANGUAGE: Readonly<Record<string, string>> = {
  ar_AA: "ar",
  ar_AE: "ar",
  ar_BH: "ar",
  ar_EG: "ar",
  ar_JO: "ar",
  ar_PS: "ar",
  ar_SA: "ar",
  az_AZ: "az",
  cs_CZ: "cs_CZ",
  da_DK: "da",
  de: "de",
  de_AT: "de_AT",
  de_CH: "de_CH",
  de_DE: "de",
  dk_DK: "da",
  el_CY: "el",
  el_GR: "el",
  en: "en",
  en_AU: "en_AU",
  en_CA: "en_CA",
  en_GB: "en_GB",
  en_IE: "en_IE",
  en_IN: "en_IN",
  en_US: "en_US",
  es: "es",
  es_ES: "es",
  es_MX: "es_MX",
  fa_IR: "fa",
  fi_FI: "fi",
  fr_BE: "fr_BE",
  fr_CA: "fr_CA",
  fr_CH: "fr_CH",
  fr_FR: "fr",
  he_IL: "he",
  hr_HR: "hr",
  hu_HU: "hu",
  hy_AM: "hy",
  id_ID: "id_ID",
  it_CH: "it",
  it_IT: "it",
  ja_JP: "ja",
  ka_GE: "ka_GE",
  ko_KR: "ko",
  lv_LV: "lv",
  ne_NP: "ne",
  nl_BE: "nl_BE",
  nl_NL: "nl",
  no_NO: "nb_NO",
  pl_PL: "pl",
  pt_BR: "pt_BR",
  pt_PT: "pt_PT",
  ro_RO: "ro",
  ru_RU: "ru",
  sk_SK: "sk",
  sl_SI: "sl_SI",
  sv_SE: "sv",
  th: "th",
  th_TH: "th",
  tr_TR: "tr",
  uk_UA: "uk",
  vi_VN: "vi",
  zh_CN: "zh_CN",
  zh_TW: "zh_TW",
  zu_ZA: "zu_ZA",
};

/** Locales without data of their own, and the nearest that there is. */
const STAND_INS: Readonly<Record<string, string>> = {
  bg_BG: "mk",
  bn_BD: "en_IN",
  bs_BA: "hr",
  en_BD: "en_IN",
  en_NZ: "en_AU",
  en_PH: "en",
  en_SG: "en_HK",
  en_TH: "en",
  es_AR: "es",
  es_CA: "es",
  es_CL: "es",
  es_CO: "es",
  et_EE: "fi",
  fil_PH: "en",
  ga_IE: "en_IE",
  hi_Deva_IN: "en_IN",
  hi_IN: "en_IN",
  hi_Latn_IN: "en_IN",
  la: "it",
  lb_LU: "fr_LU",
  lt_LT: "lv",
  mt_MT: "it",
  or_IN: "en_IN",
  sq_AL: "mk",
  ta_IN: "en_IN",
  tl_PH: "en",
  tw_GH: "en_GH",
};

export interface LocaleChoice {
  /** Locale of @faker-js/faker that the people are drawn from. */
  readonly faker: string;
  /** Whether that is the locale that was asked for; else it stands in for it. */
  readonly isExact: boolean;
  /** Whether Data Designer has a locale of this name. */
  readonly isKnown: boolean;
}

/** Which name data serve a locale. Unknown ones get their language's, and without one American English. Never throws. */
export function chooseLocale(locale: string): LocaleChoice {
  const exact = own(SAME_LANGUAGE, locale);
  if (exact !== undefined) return { faker: exact, isExact: true, isKnown: true };
  const standIn = own(STAND_INS, locale);
  if (standIn !== undefined) return { faker: standIn, isExact: false, isKnown: true };
  const language = locale.split(/[_-]/)[0]?.toLowerCase() ?? "";
  const relative = Object.keys(SAME_LANGUAGE).find((name) => name.split("_")[0] === language);
  return { faker: own(SAME_LANGUAGE, relative ?? "en_US") ?? "en_US", isExact: false, isKnown: false };
}

/** The known locale that a typo most likely meant. */
export function nearestLocale(locale: string): string | undefined {
  return nearestName(locale, [...Object.keys(SAME_LANGUAGE), ...Object.keys(STAND_INS)]);
}

function own(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

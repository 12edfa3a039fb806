import { INTERNAL_ROW_ID } from "../column-plan.ts";

export const MAX_NAME_CHARACTERS = 64;

/** Words of the template language and of Python's literals, which no template can use as a variable. */
const RESERVED = new Set(
  "and or not in is if else elif for endif endfor true false none self loop recursive raw endraw".split(" "),
);

/**
 * A name that templates can use, as near to `wanted` as possible: letters, digits and `_`, not first a digit, no
 * reserved word, at most 64 characters; never empty.
 */
export function makeName(wanted: string): string {
  const isValid = /^[\p{L}_][\p{L}\p{N}_]*$/u.test(wanted) && wanted.length <= MAX_NAME_CHARACTERS;
  // A name that is right already keeps its capitals; one that has to change anyway becomes snake_case.
  const words = isValid
    ? wanted
    : wanted
        .normalize("NFKC")
        .replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1_$2")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
        .replaceAll(/^_+|_+$/g, "")
        .slice(0, MAX_NAME_CHARACTERS - 2)
        // Cutting may have left half of a surrogate pair.
        .replaceAll(/\p{Cs}|_$/gu, "");
  if (words === "") return "column";
  if (/^\p{N}/u.test(words)) return `n_${words}`;
  const isReserved = RESERVED.has(words.toLowerCase()) || words === INTERNAL_ROW_ID || words === "__proto__";
  return isReserved ? `${words.replace(/^_+/, "")}_` : words;
}

/** Equal for spellings that mean the same: case, spaces and punctuation do not count. */
export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");
}

/** The column that a spelling means; undefined when there is none or more than one. */
export type ResolveName = (written: string) => string | undefined;

/** Finds names of `known` as `resolveName`, prepared once for many spellings. */
export function nameResolver(known: readonly string[]): ResolveName {
  const exact = new Set(known);
  const byPlain = new Map<string, string | undefined>();
  for (const name of exact) {
    const plain = plainName(name);
    byPlain.set(plain, byPlain.has(plain) ? undefined : name);
  }
  return (written) => {
    if (exact.has(written)) return written;
    const plain = plainName(written);
    return plain === "" ? undefined : byPlain.get(plain);
  };
}

/**
 * The one of `known` that a spelling means: itself, or the only one that differs in case and punctuation alone.
 * Undefined when there is none or more than one.
 */
export function resolveName(written: string, known: readonly string[]): string | undefined {
  return nameResolver(known)(written);
}

/** A design with more names gets suggestions from the first ones, so that a thousand typos stay cheap. */
const MAX_CANDIDATES = 300;

/**
 * The name of `known` that a typo most likely meant: at most a third of the letters differ (one may from two letters
 * on), case and `_`/`-`/space do not count; else one that is an abbreviation of the other (`integer`, `int`). Undefined
 * when none is that close. Ties go to the first.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  const candidates = known.slice(0, MAX_CANDIDATES).map((candidate) => [candidate, plain(candidate)] as const);
  let best: string | undefined;
  let limit = Math.max(wanted.length < 2 ? 0 : 1, Math.floor(wanted.length / 3));
  for (const [candidate, other] of candidates) {
    const distance = editDistance(wanted, other, limit);
    if (distance > limit) continue;
    best = candidate;
    // Only a nearer one can take its place.
    limit = distance - 1;
    if (limit < 0) break;
  }
  return best ?? candidates.find(([, other]) => isAbbreviation(wanted, other))?.[0];
}

function isAbbreviation(left: string, right: string): boolean {
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return short.length >= 3 && long.startsWith(short);
}

/** ` Did you mean "x"?` or, when nothing is near, the known names; empty when there are none. Starts with a space. */
export function suggestName(name: string, known: readonly string[], what: string): string {
  const near = nearestName(name, known);
  if (near !== undefined) return ` Did you mean "${near}"?`;
  return known.length === 0 ? "" : ` ${what} ${listNames(known)}.`;
}

/** `a, b, c`, at most 30 of them; a cut says how many are left out. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 30).join(", ");
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
}

/** Longer names are told apart by their first 64 letters, so that a hostile one costs nothing. */
function plain(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[\s_-]/g, "");
}

/**
 * Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); a number above `limit` as soon
 * as it is sure that there are more.
 */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let distance = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (isSwap) distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      current.push(distance);
      least = Math.min(least, distance);
    }
    // A swap reaches back two rows, which costs one more than the least of the last row.
    if (least > limit + 1) return limit + 1;
    beforeLast = last;
    last = current;
  }
  return at(last, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0;
}

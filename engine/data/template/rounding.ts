/** Powers of ten that are exact and keep the shortcut of `roundFloat` exact. */
const TENS: readonly number[] = Array.from({ length: 16 }, (_, digits) => 10 ** digits);

/** Rounds half to even at the given decimal, from the exact binary value, as Python's `round` does. */
export function roundFloat(number: number, digits: number): number {
  const scaled = number * (TENS[digits] ?? NaN);
  const nearest = Math.round(scaled);
  // Away from a tie the quotient of two exact numbers is the double nearest to the decimal.
  if (Math.abs(scaled) < 2 ** 30 && Math.abs(Math.abs(scaled - nearest) - 0.5) > 1e-5)
    return nearest / (TENS[digits] ?? 1);
  if (!Number.isFinite(number) || digits > 80 || Math.abs(number) >= 1e21)
    return digits < 0 ? roundTens(number, digits) : number;
  if (digits < 0) return roundTens(number, digits);
  // toFixed is exact but takes the larger neighbour on a tie; a tie shows as a 5 with nothing after it.
  const text = Math.abs(number).toFixed(digits);
  const exact = Math.abs(number).toFixed(Math.min(100, digits + 20));
  const tail = exact.slice(exact.indexOf(".") + 1 + digits);
  let rounded = Number(text);
  if (/^50*$/.test(tail) && /[13579]$/.test(text)) rounded = Number(lowerNeighbour(exact, digits));
  return number < 0 || Object.is(number, -0) ? -rounded : rounded;
}

function lowerNeighbour(exact: string, digits: number): string {
  const point = exact.indexOf(".");
  return digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
}

function roundTens(number: number, digits: number): number {
  const unit = 10 ** -digits;
  if (!Number.isFinite(number) || !Number.isFinite(unit)) return Number.isFinite(number) ? 0 : number;
  const rest = number % unit;
  const down = number - rest;
  const isUp = Math.abs(rest) * 2 > unit || (Math.abs(rest) * 2 === unit && (down / unit) % 2 !== 0);
  return isUp ? down + Math.sign(number) * unit : down;
}

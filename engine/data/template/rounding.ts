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

/** To tens, hundreds and so on; the tie is decided on whole numbers, which are exact. */
function roundTens(number: number, digits: number): number {
  const unit = 10 ** -digits;
  if (!Number.isFinite(number)) return number;
  const size = Math.abs(number);
  if (!Number.isFinite(unit) || size < unit / 2) return number < 0 ? -0 : 0;
  const whole = BigInt(Math.trunc(size));
  const step = 10n ** BigInt(-digits);
  const rest = whole % step;
  const isAbove = rest * 2n > step || (rest * 2n === step && size > Math.trunc(size));
  const isTieToEven = rest * 2n === step && (whole / step) % 2n === 1n;
  const rounded = Number(whole - rest + (isAbove || isTieToEven ? step : 0n));
  return number < 0 ? -rounded : rounded;
}

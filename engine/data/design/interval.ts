/** The values a column can take, from `low` to `high`; an open end is not among them. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly isLowOpen: boolean;
  readonly isHighOpen: boolean;
}

export const ANYTHING: Interval = closed(-Infinity, Infinity);

export function closed(low: number, high: number): Interval {
  return { low, high, isLowOpen: false, isHighOpen: false };
}

export function isEmpty({ low, high, isLowOpen, isHighOpen }: Interval): boolean {
  return low > high || (low === high && (isLowOpen || isHighOpen));
}

export function intersect(left: Interval, right: Interval): Interval {
  const low = Math.max(left.low, right.low);
  const high = Math.min(left.high, right.high);
  return {
    low,
    high,
    isLowOpen: (left.low === low && left.isLowOpen) || (right.low === low && right.isLowOpen),
    isHighOpen: (left.high === high && left.isHighOpen) || (right.high === high && right.isHighOpen),
  };
}

/** The smallest interval that holds both. */
export function hull(left: Interval, right: Interval): Interval {
  const low = Math.min(left.low, right.low);
  const high = Math.max(left.high, right.high);
  const isOpenAt = (end: "low" | "high", isOpen: "isLowOpen" | "isHighOpen", value: number): boolean =>
    [left, right].every((interval) => interval[end] !== value || interval[isOpen]);
  return {
    low,
    high,
    isLowOpen: isOpenAt("low", "isLowOpen", low),
    isHighOpen: isOpenAt("high", "isHighOpen", high),
  };
}

/** The values `x` for which `x operator bound` holds. */
export function half(operator: "lt" | "le" | "gt" | "ge", bound: number): Interval {
  switch (operator) {
    case "lt":
      return { ...closed(-Infinity, bound), isHighOpen: true };
    case "le":
      return closed(-Infinity, bound);
    case "gt":
      return { ...closed(bound, Infinity), isLowOpen: true };
    case "ge":
      return closed(bound, Infinity);
  }
}

/** `0 to 10`, `more than 0`, `any`; times as dates. */
export function intervalText({ low, high }: Interval, isTime: boolean): string {
  const show = (value: number): string =>
    isTime ? new Date(value * 1000).toISOString().slice(0, 19) : String(Number(value.toPrecision(12)));
  if (low === -Infinity && high === Infinity) return "any value";
  if (high === Infinity) return `${show(low)} and more`;
  if (low === -Infinity) return `${show(high)} and less`;
  return `${show(low)} to ${show(high)}`;
}

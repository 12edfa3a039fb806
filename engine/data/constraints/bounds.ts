import { ServiceError } from "../../../lib/errors.ts";
import type { Constraint } from "../design/parts.ts";
import type { DrawnColumns } from "../samplers/sampler.ts";

const SIGNS = { lt: "<", le: "<=", gt: ">", ge: ">=" } as const;

/** `price > 0 and price <= list_price` */
export function describeConstraints(constraints: readonly Constraint[]): string {
  return constraints.map((one) => `${one.target_column} ${SIGNS[one.operator]} ${one.rhs}`).join(" and ");
}

interface Side {
  readonly isUpper: boolean;
  readonly isStrict: boolean;
  readonly number: number;
  readonly column: Float64Array | undefined;
}

/**
 * What all constraints on one column leave for a row. `at` moves to a row; a side without a constraint is infinite, and
 * of several the tightest counts.
 */
export class Bounds {
  low = -Infinity;
  high = Infinity;
  isLowStrict = false;
  isHighStrict = false;
  private readonly sides: readonly Side[];

  /** Throws ServiceError `invalid_input` when a right-hand side was not drawn or is neither a number nor a time. */
  constructor(constraints: readonly Constraint[], drawn: DrawnColumns) {
    this.sides = constraints.map((constraint) => ({
      isUpper: constraint.operator === "lt" || constraint.operator === "le",
      isStrict: constraint.operator === "lt" || constraint.operator === "gt",
      number: constraint.constraint_type === "scalar_inequality" ? constraint.rhs : Number.NaN,
      column: constraint.constraint_type === "scalar_inequality" ? undefined : comparable(constraint, drawn),
    }));
  }

  at(row: number): void {
    this.low = -Infinity;
    this.high = Infinity;
    this.isLowStrict = false;
    this.isHighStrict = false;
    for (const side of this.sides) {
      const value = side.column === undefined ? side.number : (side.column[row] ?? Number.NaN);
      if (side.isUpper) {
        if (value < this.high || (value === this.high && side.isStrict)) {
          this.high = value;
          this.isHighStrict = side.isStrict;
        }
      } else if (value > this.low || (value === this.low && side.isStrict)) {
        this.low = value;
        this.isLowStrict = side.isStrict;
      }
    }
  }

  hold(value: number): boolean {
    return (
      (this.isLowStrict ? value > this.low : value >= this.low) &&
      (this.isHighStrict ? value < this.high : value <= this.high)
    );
  }
}

function comparable(constraint: Constraint, drawn: DrawnColumns): Float64Array {
  const values = drawn.get(String(constraint.rhs))?.comparable();
  if (values !== undefined) return values;
  throw new ServiceError(
    "invalid_input",
    `constraint ${describeConstraints([constraint])}: "${constraint.rhs}" must be a sampler column of numbers or times`,
  );
}

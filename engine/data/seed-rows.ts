import { ServiceError } from "../../lib/errors.ts";
import type { SeedConfig } from "./design/seed.ts";
import { Draws, randomKey } from "./random.ts";
import { takeRows } from "./table-parts.ts";
import type { RowRange, Table } from "./table.ts";

export interface SeedRowsOptions {
  readonly config: Pick<SeedConfig, "sampling_strategy" | "selection_strategy">;
  /** The seed dataset as it was read. */
  readonly rows: Table;
  readonly seed: number | string;
}

/**
 * The seed columns of any rows of the dataset. Rows are taken in order or in one shuffled order, from the start again
 * when more are asked for than there are. Throws `invalid_input` when the selection leaves no row or reaches beyond
 * the end.
 */
export function compileSeedRows({ config, rows, seed }: SeedRowsOptions): (range: RowRange) => Table {
  const { first, count } = selectSeedRows(config.selection_strategy, rows.rowCount);
  const order = config.sampling_strategy === "shuffle" ? shuffled(count, seed) : undefined;
  return ({ firstRow, rowCount }) => {
    const picked = Int32Array.from({ length: rowCount }, (_, row) => {
      const at = (firstRow + row) % count;
      return first + (order === undefined ? at : (order[at] ?? 0));
    });
    return takeRows(rows, picked);
  };
}

/** The rows that a selection leaves of `total`. Throws `invalid_input` as `compileSeedRows` does. */
export function selectSeedRows(
  strategy: SeedConfig["selection_strategy"],
  total: number,
): { first: number; count: number } {
  if (total === 0) throw new ServiceError("invalid_input", "the seed dataset has no rows");
  if (strategy === null) return { first: 0, count: total };
  if ("start" in strategy) {
    if (strategy.end >= total) {
      const allowed = `the seed dataset has ${total} rows, so end is at most ${total - 1}`;
      throw new ServiceError("invalid_input", `seed rows ${strategy.start} to ${strategy.end}: ${allowed}`);
    }
    return { first: strategy.start, count: strategy.end - strategy.start + 1 };
  }
  const { index, num_partitions: partitions } = strategy;
  const size = Math.floor(total / partitions);
  const count = index === partitions - 1 ? total - size * index : size;
  if (count > 0) return { first: size * index, count };
  const found = `the seed dataset has ${total} rows, fewer than partitions`;
  throw new ServiceError("invalid_input", `partition ${index} of ${partitions} is empty: ${found}`);
}

/** Fisher and Yates, with numbers that depend on the seed only. */
function shuffled(count: number, seed: number | string): Int32Array {
  const order = Int32Array.from({ length: count }, (_, at) => at);
  const draws = new Draws(randomKey(seed, "seed-dataset order"));
  for (let last = count - 1; last > 0; last -= 1) {
    const other = draws.start(last, 0).nextIndex(last + 1);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
  return order;
}

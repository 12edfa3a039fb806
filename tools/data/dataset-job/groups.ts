import { ServiceError } from "../../../lib/errors.ts";
import type { RowGroupEntry } from "./metadata.ts";
import type { RowGroupTask } from "./row-group.ts";

/** Rows a dataset may have; more do not fit on what this engine is made for, a single machine. */
export const MAX_RECORDS = 100_000_000;
/** Rows that may be made for each row that is wanted, before a job with dropped rows gives up. */
export const MAX_ROWS_PER_RECORD = 5;
const FREE_ROWS = 1_000;

/** Throws `invalid_input` unless it is a number of rows that can be made. */
export function checkRecordCount(numRecords: number): void {
  if (Number.isSafeInteger(numRecords) && numRecords >= 1 && numRecords <= MAX_RECORDS) return;
  throw new ServiceError("invalid_input", `${numRecords} rows: must be a whole number from 1 to ${MAX_RECORDS}`);
}

/** Row groups over `rowCount` rows from `firstRow` on; the last one may be smaller. */
export function cutGroups(firstRow: number, rowCount: number, groupSize: number, firstId: number): RowGroupTask[] {
  return Array.from({ length: Math.ceil(rowCount / groupSize) }, (_, at) => ({
    kind: "generate" as const,
    id: firstId + at,
    firstRow: firstRow + at * groupSize,
    rowCount: Math.min(groupSize, rowCount - at * groupSize),
  }));
}

/**
 * The row groups that come next: first as many rows as are wanted, then, as long as dropped rows left gaps, exactly as
 * many as are missing. So never more rows survive than are wanted, and which ones they are does not depend on the size
 * of the groups: they are the first survivors in the order of row numbers. Empty when the dataset is complete or `isRefilled` is false.
 */
export function nextGroups(
  finished: readonly RowGroupEntry[],
  {
    numRecords,
    groupSize,
    isRefilled,
  }: { readonly numRecords: number; readonly groupSize: number; readonly isRefilled: boolean },
): RowGroupTask[] {
  if (finished.length === 0) return cutGroups(0, numRecords, groupSize, 0);
  const survived = finished.reduce((sum, group) => sum + group.num_records, 0);
  const made = finished.reduce((sum, group) => sum + group.row_count, 0);
  const missing = numRecords - survived;
  if (missing <= 0 || (!isRefilled && made >= numRecords)) return [];
  if (made + missing > numRecords * MAX_ROWS_PER_RECORD + FREE_ROWS) return [];
  return cutGroups(made, missing, groupSize, finished.length);
}

import { open } from "node:fs/promises";

import { ServiceError, errorMessage } from "../../../../lib/errors.ts";
import { readStruct } from "../../writers/thrift.ts";

const MAGIC = "PAR1";
/** Field of the footer. Source: apache/parquet-format, parquet.thrift, `FileMetaData.num_rows`. */
const ROW_COUNT = 3;
const MAX_FOOTER_BYTES = 256 * 1_024 * 1_024;

/** How many rows a Parquet file has, by its footer alone. Throws `unreadable_input` for anything else. */
export async function parquetRowCount(file: string): Promise<number> {
  await using handle = await open(file, "r");
  const { size } = await handle.stat();
  const tail = Buffer.alloc(8);
  if (size < 12) throw unreadable("it is too short");
  await handle.read(tail, 0, 8, size - 8);
  const length = tail.readUInt32LE(0);
  if (tail.toString("latin1", 4) !== MAGIC) throw unreadable("it does not end as one");
  if (length > size - 12 || length > MAX_FOOTER_BYTES) throw unreadable(`its footer would have ${length} bytes`);
  const footer = Buffer.alloc(length);
  await handle.read(footer, 0, length, size - 8 - length);
  try {
    const field = readStruct(footer).fields.find(({ id }) => id === ROW_COUNT);
    if (field !== undefined && "integer" in field.value) return Number(field.value.integer);
  } catch (error) {
    throw unreadable(errorMessage(error), error);
  }
  throw unreadable("its footer does not say how many rows it has");
}

function unreadable(why: string, cause?: unknown): ServiceError {
  return new ServiceError(
    "unreadable_input",
    `the dataset of the NeMo service holds no readable Parquet file: ${why}`,
    {
      cause,
    },
  );
}

import type { DuckDBType, DuckDBValue, DuckDBValueConverter, Json } from "@duckdb/node-api";

type DuckDb = Pick<typeof import("@duckdb/node-api"), "DuckDBTypeId" | "JsonDuckDBValueConverter">;

/**
 * DuckDB's values as JSON: whole numbers as numbers while they are exact and as text beyond 2^53, decimals as numbers,
 * dates and times as ISO 8601, bytes as hexadecimal digits, intervals as text; NaN and infinity, which JSON has not, as
 * null. Lists and structures hold the same.
 */
export function createCellConverter({
  DuckDBTypeId: id,
  JsonDuckDBValueConverter: toJson,
}: DuckDb): DuckDBValueConverter<Json> {
  const whole = new Set([id.BIGINT, id.UBIGINT, id.HUGEINT, id.UHUGEINT]);
  const stamps = new Set([id.TIMESTAMP, id.TIMESTAMP_S, id.TIMESTAMP_MS, id.TIMESTAMP_NS, id.TIMESTAMP_TZ]);
  return (value: DuckDBValue, type: DuckDBType, converter): Json | null => {
    if (value === null || value === undefined) return null;
    const { typeId } = type;
    if (whole.has(typeId)) return wholeNumber(BigInt(String(value)));
    if (typeId === id.DOUBLE || typeId === id.FLOAT) return Number.isFinite(value) ? Number(value) : null;
    if (typeId === id.DECIMAL) return Number(String(value));
    if (stamps.has(typeId)) return String(value).replace(" ", "T");
    if (typeId === id.INTERVAL) return String(value);
    if (typeId === id.BLOB && typeof value === "object" && "bytes" in value && value.bytes instanceof Uint8Array) {
      return Buffer.from(value.bytes).toString("hex");
    }
    return toJson(value, type, converter);
  };
}

function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

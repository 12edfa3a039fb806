import { readStruct, writeStruct } from "./thrift.ts";
import type { ThriftField, ThriftStruct, ThriftValue } from "./thrift.ts";

/**
 * Field numbers of the structures in a Parquet footer.
 * Source: apache/parquet-format, parquet.thrift.
 */
const FILE = { rowCount: 3, rowGroups: 4, schema: 2 } as const;
const GROUP = { columns: 1, rowCount: 3, fileOffset: 5, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, metadata: 3, indexes: [4, 5, 6, 7] } as const;
const METADATA = { dataPage: 9, indexPage: 10, dictionaryPage: 11, bloomFilter: [14, 15] } as const;

const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
const MAX_GROUPS = 32_767;

export interface ParquetMerger {
  /** Takes over the row groups of a whole Parquet file; the answer is what comes next in the merged file. */
  append(file: Uint8Array): Uint8Array;
  /** The end of the merged file. Throws when nothing was appended. */
  finish(): Uint8Array;
}

/**
 * Joins Parquet files of one schema by copying their pages, without decoding them: only the places in the footer are
 * shifted. Page indexes, which hold places too, are left out; they are optional and readers fall back on the footer.
 */
export function createParquetMerger(): ParquetMerger {
  let first: ThriftStruct | undefined;
  let schemaText = "";
  let length = 0;
  let rowCount = 0n;
  const groups: ThriftValue[] = [];
  return {
    append: (file) => {
      const { footer, footerStart } = readFooter(file);
      const schema = schemaKey(footer);
      if (first === undefined) schemaText = schema;
      else if (schema !== schemaText) throw new Error("Parquet files of different schemas cannot be merged");
      // The magic number of the merged file counts as written with its first part.
      const shift = BigInt(first === undefined ? 0 : length - MAGIC.length);
      for (const group of listOf(footer, FILE.rowGroups)) groups.push(shiftGroup(group, shift, groups.length));
      rowCount += integerOf(footer, FILE.rowCount);
      const pages = file.subarray(first === undefined ? 0 : MAGIC.length, footerStart);
      first ??= footer;
      length += pages.length;
      return pages;
    },
    finish: () => {
      if (first === undefined) throw new Error("a Parquet file needs a schema, so at least one part");
      const footer = writeStruct(
        mapFields(first, ({ id, value }) => {
          if (id === FILE.rowCount && "integer" in value) return { ...value, integer: rowCount };
          if (id === FILE.rowGroups && "items" in value) return { ...value, items: groups };
          return value;
        }),
      );
      const end = new Uint8Array(footer.length + 8);
      end.set(footer);
      new DataView(end.buffer).setUint32(footer.length, footer.length, true);
      end.set(MAGIC, footer.length + 4);
      return end;
    },
  };
}

/** Equal for files that can be merged. The end of a file, with its whole footer, is enough. */
export function parquetSchemaKey(file: Uint8Array): string {
  return schemaKey(readFooter(file).footer);
}

/** Bytes at the end of a file that `parquetSchemaKey` needs, told by its last eight. */
export function parquetFooterBytes(end: Uint8Array): number {
  return new DataView(end.buffer, end.byteOffset, end.byteLength).getUint32(end.length - 8, true) + 8;
}

function readFooter(file: Uint8Array): { footer: ThriftStruct; footerStart: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const footerLength = view.getUint32(file.length - 8, true);
  const footerStart = file.length - 8 - footerLength;
  // A copy, because texts of the footer are views and are kept until the end: of the file they would hold all its pages.
  return { footer: readStruct(Uint8Array.from(file.subarray(footerStart, file.length - 8))), footerStart };
}

function shiftGroup(group: ThriftValue, shift: bigint, ordinal: number): ThriftValue {
  return mapStruct(group, ({ id, value }) => {
    if (id === GROUP.columns && "items" in value) {
      return { ...value, items: value.items.map((chunk) => shiftChunk(chunk, shift)) };
    }
    if (id === GROUP.fileOffset) return add(value, shift);
    // Optional, and a 16-bit number: a file with more groups than it can count goes without.
    if (id === GROUP.ordinal)
      return ordinal > MAX_GROUPS ? undefined : ({ ...value, integer: BigInt(ordinal) } as ThriftValue);
    return value;
  });
}

function shiftChunk(chunk: ThriftValue, shift: bigint): ThriftValue {
  return mapStruct(chunk, ({ id, value }) => {
    if ((CHUNK.indexes as readonly number[]).includes(id)) return undefined;
    // 0 is the value for "not used" that newer writers put here.
    if (id === CHUNK.fileOffset) return "integer" in value && value.integer === 0n ? value : add(value, shift);
    if (id !== CHUNK.metadata) return value;
    return mapStruct(value, (field) => {
      if ((METADATA.bloomFilter as readonly number[]).includes(field.id)) return undefined;
      const isPlace = [METADATA.dataPage, METADATA.indexPage, METADATA.dictionaryPage].some(
        (place) => place === field.id,
      );
      return isPlace ? add(field.value, shift) : field.value;
    });
  });
}

function add(value: ThriftValue, shift: bigint): ThriftValue {
  return "integer" in value ? { ...value, integer: value.integer + shift } : value;
}

function mapStruct(value: ThriftValue, map: (field: ThriftField) => ThriftValue | undefined): ThriftValue {
  return "struct" in value ? { ...value, struct: mapFields(value.struct, map) } : value;
}

function mapFields(struct: ThriftStruct, map: (field: ThriftField) => ThriftValue | undefined): ThriftStruct {
  return {
    fields: struct.fields.flatMap((field) => {
      const value = map(field);
      return value === undefined ? [] : [{ id: field.id, value }];
    }),
  };
}

function listOf(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = struct.fields.find((field) => field.id === id)?.value;
  return value !== undefined && "items" in value ? value.items : [];
}

function integerOf(struct: ThriftStruct, id: number): bigint {
  const value = struct.fields.find((field) => field.id === id)?.value;
  return value !== undefined && "integer" in value ? value.integer : 0n;
}

function schemaKey(footer: ThriftStruct): string {
  const fields = footer.fields.filter(({ id }) => id === FILE.schema);
  return Buffer.from(writeStruct({ fields })).toString("latin1");
}

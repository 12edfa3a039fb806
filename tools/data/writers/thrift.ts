/**
 * Thrift's compact protocol, as far as the footer of a Parquet file needs it: values are kept with their types, so that
 * what is read and written again is the same but for what was changed in between.
 * Source: Apache Thrift, thrift-compact-protocol.md.
 */

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

export interface ThriftStruct {
  readonly fields: readonly ThriftField[];
}

export interface ThriftField {
  readonly id: number;
  readonly value: ThriftValue;
}

export type ThriftValue =
  | { readonly type: typeof TRUE | typeof FALSE }
  | { readonly type: typeof BYTE; readonly byte: number }
  | { readonly type: typeof I16 | typeof I32 | typeof I64; readonly integer: bigint }
  | { readonly type: typeof DOUBLE | typeof BINARY; readonly bytes: Uint8Array }
  | { readonly type: typeof LIST | typeof SET; readonly elementType: number; readonly items: readonly ThriftValue[] }
  | { readonly type: typeof STRUCT; readonly struct: ThriftStruct };

/** Throws a RangeError where the bytes end too early or hold a type that Parquet's footer has not. */
export function readStruct(bytes: Uint8Array): ThriftStruct {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const byte = (): number => view.getUint8(at++);
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const next = byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
  };
  const zigzag = (): bigint => {
    const value = varint();
    return (value >> 1n) ^ -(value & 1n);
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`${length} bytes at ${at} go beyond the end`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const value = (type: number): ThriftValue => {
    switch (type) {
      case TRUE:
      case FALSE:
        return { type };
      case BYTE:
        return { type, byte: byte() };
      case I16:
      case I32:
      case I64:
        return { type, integer: zigzag() };
      case DOUBLE:
        return { type, bytes: take(8) };
      case BINARY:
        return { type, bytes: take(Number(varint())) };
      case LIST:
      case SET: {
        const head = byte();
        const size = head >> 4 === 15 ? Number(varint()) : head >> 4;
        const elementType = head & 0x0f;
        // A boolean in a list is a byte of its own; in a field it is part of the field's type.
        const item = (): ThriftValue => value(elementType === TRUE || elementType === FALSE ? byte() : elementType);
        return { type, elementType, items: Array.from({ length: size }, item) };
      }
      case STRUCT:
        return { type, struct: struct() };
      default:
        throw new RangeError(`type ${type} at ${at} is not known`);
    }
  };
  const struct = (): ThriftStruct => {
    const fields: ThriftField[] = [];
    let id = 0;
    for (;;) {
      const head = byte();
      if (head === 0) return { fields };
      id = head >> 4 === 0 ? Number(zigzag()) : id + (head >> 4);
      fields.push({ id, value: value(head & 0x0f) });
    }
  };
  return struct();
}

export function writeStruct(root: ThriftStruct): Uint8Array {
  const out: number[] = [];
  const varint = (value: bigint): void => {
    let rest = value;
    while (rest >= 0x80n) {
      out.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    out.push(Number(rest));
  };
  const zigzag = (value: bigint): void => varint(value < 0n ? -value * 2n - 1n : value * 2n);
  const push = (bytes: Uint8Array): void => {
    for (const byte of bytes) out.push(byte);
  };
  const write = (value: ThriftValue): void => {
    switch (value.type) {
      case TRUE:
      case FALSE:
        return;
      case BYTE:
        out.push(value.byte & 0xff);
        return;
      case I16:
      case I32:
      case I64:
        zigzag(value.integer);
        return;
      case DOUBLE:
        push(value.bytes);
        return;
      case BINARY:
        varint(BigInt(value.bytes.length));
        push(value.bytes);
        return;
      case LIST:
      case SET: {
        const { items, elementType } = value;
        out.push((Math.min(items.length, 15) << 4) | elementType);
        if (items.length >= 15) varint(BigInt(items.length));
        for (const item of items) {
          if (item.type === TRUE || item.type === FALSE) out.push(item.type);
          else write(item);
        }
        return;
      }
      case STRUCT:
        struct(value.struct);
    }
  };
  const struct = ({ fields }: ThriftStruct): void => {
    let last = 0;
    for (const { id, value } of fields) {
      const delta = id - last;
      if (delta > 0 && delta <= 15) out.push((delta << 4) | value.type);
      else {
        out.push(value.type);
        zigzag(BigInt(id));
      }
      write(value);
      last = id;
    }
    out.push(0);
  };
  struct(root);
  return Uint8Array.from(out);
}

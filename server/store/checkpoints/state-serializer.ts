import * as messages from "@langchain/core/messages";
import { DeltaSnapshot, JsonPlusSerializer } from "@langchain/langgraph-checkpoint";

import { toReadable, UNREADABLE } from "./to-readable.ts";

type MessageClass = new (fields: Record<string, unknown>) => messages.BaseMessage;

/** An object or a list. */
type Holder = Record<string | number, unknown>;

/** What could not be made at once, and where it belongs. */
interface Pending {
  readonly holder: Holder;
  readonly key: string | number;
  readonly record: object;
}

/**
 * LangGraph's serializer, which writes the same bytes and reads the same values. It reads JSON in one pass, where the
 * original waits for a promise for every string and number and writes and parses every message once more: the state of a
 * long thread is read at each run. Whatever is not plain data or a message is left to the original.
 *
 * Where the original loses a value or can never read it again, it does better: a BigInt is kept as its digits, a function
 * reads as undefined, and what looks like a class of LangChain but cannot be made stays the data that somebody sent. A
 * client could otherwise lock a thread up with one record.
 */
export class StateSerializer extends JsonPlusSerializer {
  override async dumpsTyped(value: unknown): Promise<[string, Uint8Array]> {
    const dumped = await super.dumpsTyped(value);
    const [type, bytes] = dumped;
    const isLost = type === "json" && bytes.length === UNREADABLE.length && decoder.decode(bytes) === UNREADABLE;
    return isLost ? super.dumpsTyped(toReadable(value)) : dumped;
  }

  override async loadsTyped(type: string, data: Uint8Array | string): Promise<unknown> {
    if (type !== "json") return super.loadsTyped(type, data) as Promise<unknown>;
    // What a function or a symbol was written as.
    if (data.length === 0) return undefined;
    const parsed: unknown = JSON.parse(typeof data === "string" ? data : decoder.decode(data));
    const pending: Pending[] = [];
    const top: Holder = { value: parsed };
    revive(top, "value", pending);
    for (const { holder, key, record } of pending) {
      try {
        // What LangGraph's declaration leaves open is the value.
        holder[key] = (await super.loadsTyped("json", JSON.stringify(record))) as unknown;
      } catch {
        // No class of LangChain, or not with these fields: the data stays where it is.
      }
    }
    return top["value"];
  }
}

const decoder = new TextDecoder();

/** Puts values in the place of what stands for them, in the freshly parsed data itself. */
function revive(holder: Holder, key: string | number, pending: Pending[]): void {
  const value = holder[key];
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    // A list has its places as keys.
    for (let index = 0; index < value.length; index += 1) revive(value as unknown as Holder, index, pending);
    return;
  }
  const record = value as Record<string, unknown>;
  if (record["lc"] === undefined) {
    for (const name of Object.keys(record)) revive(record, name, pending);
  } else if (isUndefined(record)) holder[key] = undefined;
  else if (isSnapshot(record)) {
    const snapshot = new DeltaSnapshot(record["value"]);
    // What is read later has its place in the snapshot itself.
    revive(snapshot as unknown as Holder, "value", pending);
    holder[key] = snapshot;
  } else {
    const message = toMessage(record);
    if (message === undefined) pending.push({ holder, key, record });
    else holder[key] = message;
  }
}

function isUndefined(record: Readonly<Record<string, unknown>>): boolean {
  return record["lc"] === 2 && record["type"] === "undefined";
}

/** The whole value of a channel that keeps what was added since. */
function isSnapshot(record: Readonly<Record<string, unknown>>): boolean {
  return record["lc"] === 2 && record["type"] === "delta_snapshot" && Object.hasOwn(record, "value");
}

/** Undefined when the record is no message, or one with something in it that is not plain data. */
function toMessage({ lc, type, id, kwargs }: Readonly<Record<string, unknown>>): messages.BaseMessage | undefined {
  if (lc !== 1 || type !== "constructor" || !Array.isArray(id) || id.length !== 3) return undefined;
  const [library, module, name] = id as unknown[];
  if (library !== "langchain_core" || module !== "messages" || typeof name !== "string") return undefined;
  const found = KNOWN.get(name);
  if (found === undefined || typeof kwargs !== "object" || kwargs === null || !isPlain(kwargs)) return undefined;
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs)) {
    if (typeof value === "object" && value !== null && isUndefined(value as Record<string, unknown>)) continue;
    fields[found.fieldOf(key)] = value;
  }
  return new found.Message(fields);
}

/** Whether nothing in it stands for something else; but for fields of the message that were undefined. */
function isPlain(value: object, depth = 0): boolean {
  for (const item of Object.values(value)) {
    if (typeof item !== "object" || item === null) continue;
    const isRecord = "lc" in item || "__lc_escaped__" in item;
    if (isRecord && !(depth === 0 && isUndefined(item as Record<string, unknown>))) return false;
    if (!isRecord && !isPlain(item as object, depth + 1)) return false;
  }
  return depth > 0 || !("lc" in value || "__lc_escaped__" in value);
}

interface KnownMessage {
  readonly Message: MessageClass;
  /** Name of the constructor's field for a key of the JSON form. */
  readonly fieldOf: (key: string) => string;
}

function describeClass(exported: unknown): KnownMessage | undefined {
  if (typeof exported !== "function" || !isMessageClass(exported)) return undefined;
  const aliases = new Map<string, string>();
  for (let at = exported.prototype as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const own = Reflect.get(at, "lc_aliases", at) as Record<string, string> | undefined;
    for (const [field, alias] of Object.entries(own ?? {})) aliases.set(alias, field);
  }
  const fields = new Map<string, string>();
  return {
    // Every class of a message takes its fields as one object.
    Message: exported as MessageClass,
    fieldOf: (key) => {
      const field = fields.get(key) ?? aliases.get(key) ?? toCamelCase(key);
      if (fields.size < MAX_FIELDS) fields.set(key, field);
      return field;
    },
  };
}

/** Not by `instanceof`, for which LangChain looks at fields that only instances have. */
function isMessageClass({ prototype }: { readonly prototype?: unknown }): boolean {
  // False for what is no object.
  return Object.prototype.isPrototypeOf.call(messages.BaseMessage.prototype, prototype as object);
}

/** Keys of messages are few; those of odd data are not remembered for ever. */
const MAX_FIELDS = 200;

/** As LangChain reads the keys that it wrote in snake case. */
function toCamelCase(key: string): string {
  const trimmed = key.trim();
  if (!/[-_\s]/.test(trimmed)) return trimmed;
  return trimmed
    .replace(/[-_\s]+/g, "_")
    .toLowerCase()
    .replace(/_+([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}

const KNOWN: ReadonlyMap<string, KnownMessage> = new Map(
  Object.entries(messages).flatMap(([name, exported]) => {
    const found = describeClass(exported);
    return found === undefined ? [] : [[name, found] as const];
  }),
);

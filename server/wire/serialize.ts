/** Deeper structures are cut, so that nothing a graph returns can exhaust the stack. */
const MAX_DEPTH = 100;

/**
 * JSON text of whatever a graph put into its state or stream, in the form the SDKs expect. Never throws.
 * Messages are flattened to `{...fields, type: "human" | "ai" | "tool" | "system"}`; a BigInt becomes a string, a Map an
 * object, a Set a list, an Error `{error, message}`. What has no JSON form at all (a cycle, a throwing getter) is replaced
 * by a text in brackets that says so.
 */
export function serialize(value: unknown): string {
  try {
    return JSON.stringify(withPlainMessages(value, 0), replace) ?? "null";
  } catch {
    // A cycle, a throwing toJSON or too deep a nesting: copy what can be copied.
  }
  try {
    return JSON.stringify(toPlain(value, new Set(), 0)) ?? "null";
  } catch (error) {
    return JSON.stringify({ error: "Unserializable", message: error instanceof Error ? error.message : String(error) });
  }
}

/** The value as plain JSON data; see `serialize`. */
export function toJson(value: unknown): unknown {
  return JSON.parse(serialize(value));
}

/** What clients get for a failure inside a run. */
export function serializeError(error: unknown): { error: string; message: string } {
  if (error instanceof Error) return { error: error.name || "Error", message: error.message };
  return { error: "Error", message: typeof error === "string" ? error : serialize(error) };
}

interface DictMessage {
  toDict(): { type: string; data: Record<string, unknown> };
}

function isMessage(value: unknown): value is DictMessage {
  return typeof value === "object" && value !== null && "toDict" in value && typeof value.toDict === "function";
}

/** Where states and events hold messages: `[message, metadata]`, `{messages}`, `{node: {messages}}`. */
const MESSAGE_DEPTH = 3;

/**
 * The same value with the messages that lie near its top in their wire form. Those that `JSON.stringify` meets itself cost
 * twice as much, because it calls their `toJSON` before the replacer can put something else in its place.
 */
function withPlainMessages(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isMessage(value)) return special(value);
  if (depth === MESSAGE_DEPTH) return value;
  if (Array.isArray(value)) {
    // Lists hold messages or they do not; of long lists of other things only the first is looked at.
    return isMessage(value[0]) ? value.map((item) => withPlainMessages(item, MESSAGE_DEPTH)) : value;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || "toJSON" in value) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    const plain = withPlainMessages(item, depth + 1);
    if (plain !== item) copy = { ...(copy ?? value), [key]: plain };
  }
  return copy ?? value;
}

/** `this` is the holder: messages have a toJSON of another shape, so the value given is already not theirs. */
function replace(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify always calls the replacer with an object or list as `this`.
  const raw = (this as Record<string, unknown>)[key];
  if (typeof raw !== "object" || raw === null) return typeof raw === "bigint" ? raw.toString() : value;
  return special(raw) ?? value;
}

function special(value: object): unknown {
  if (isMessage(value)) {
    const { type, data } = value.toDict();
    return { ...data, type };
  }
  if (value instanceof Error) return serializeError(value);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), item]));
  if (value instanceof Set) return [...value];
  return undefined;
}

function toPlain(value: unknown, ancestors: Set<object>, depth: number): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[too deep]";
  ancestors.add(value);
  try {
    const form = jsonForm(value);
    if (typeof form !== "object" || form === null) return form;
    if (Array.isArray(form)) return form.map((item) => toPlain(item, ancestors, depth + 1));
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(form)) {
      try {
        // An own enumerable key of an object; reading it may run a getter that throws.
        copy[key] = toPlain((form as Record<string, unknown>)[key], ancestors, depth + 1);
      } catch {
        copy[key] = "[unreadable]";
      }
    }
    return copy;
  } finally {
    ancestors.delete(value);
  }
}

function jsonForm(value: object): unknown {
  try {
    const replaced = special(value);
    if (replaced !== undefined) return replaced;
    if ("toJSON" in value && typeof value.toJSON === "function") return (value.toJSON as () => unknown)();
  } catch {
    return "[unserializable]";
  }
  return value;
}

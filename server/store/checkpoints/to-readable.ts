/** All that LangGraph's serializer writes of a value that JSON.stringify throws at. */
export const UNREADABLE = '"[unable to serialize, circular reference is too complex to analyze]"';

/** A copy that JSON.stringify takes: a BigInt as its digits, and a text in brackets for what gives no JSON of itself. */
export function toReadable(value: unknown, ancestors: ReadonlySet<object> = new Set()): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.has(value)) return "[Circular]";
  const inside = new Set(ancestors).add(value);
  const copy = (item: unknown): unknown => toReadable(item, inside);
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [copy(key), copy(item)]));
  if (value instanceof Set) return new Set([...value].map(copy));
  if ("toJSON" in value && typeof value.toJSON === "function") {
    try {
      return copy((value.toJSON as () => unknown)());
    } catch {
      return "[unserializable]";
    }
  }
  // The serializer has forms of its own for these, and for the classes of LangGraph that name themselves.
  if (value instanceof Error || value instanceof Uint8Array || value instanceof RegExp) return value;
  const form: object = "lg_name" in value ? (Object.create(Object.getPrototypeOf(value) as object) as object) : {};
  return Object.assign(form, Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)])));
}

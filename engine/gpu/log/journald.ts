import type { LinePrefix } from "./prefix.ts";

/**
 * One line of `journalctl -o json`, or of a container runtime's JSON log. Undefined when it is not a JSON object with a
 * message. A message that is not valid UTF-8 comes as an array of byte values, as journald writes it. Never throws.
 */
export function parseJsonLine(line: string): LinePrefix | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null) return undefined;
  const field = (name: string): unknown => Reflect.get(record, name);
  const message = messageText(field("MESSAGE"));
  if (message === undefined) {
    // Docker's own `log` is always a program's output; a shipper's `message` can be anything, the kernel's lines too.
    const output = field("log");
    if (typeof output === "string") return { message: output.trimEnd(), origin: "program" };
    const shipped = field("message") ?? field("msg");
    return typeof shipped === "string" ? { message: shipped.trimEnd(), origin: "unknown" } : undefined;
  }
  const program = textOf(field("SYSLOG_IDENTIFIER")) ?? textOf(field("_COMM"));
  const transport = textOf(field("_TRANSPORT"));
  // journald sets _TRANSPORT itself; the identifier is whatever the writer claims to be.
  const isKernel = transport === undefined ? program === "kernel" : transport === "kernel";
  const realtimeUs = numberOf(field("_SOURCE_REALTIME_TIMESTAMP")) ?? numberOf(field("__REALTIME_TIMESTAMP"));
  const monotonicUs = numberOf(field("_SOURCE_MONOTONIC_TIMESTAMP")) ?? numberOf(field("__MONOTONIC_TIMESTAMP"));
  const host = textOf(field("_HOSTNAME"));
  return {
    message,
    origin: isKernel ? "kernel" : "program",
    ...(program === undefined ? {} : { program }),
    ...(host === undefined ? {} : { host }),
    ...(realtimeUs === undefined ? {} : { atMs: Math.floor(realtimeUs / 1000) }),
    ...(isKernel && monotonicUs !== undefined ? { uptimeS: monotonicUs / 1e6 } : {}),
  };
}

function messageText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  // A field that occurs twice in a record is an array of its values.
  if (value.every((item) => typeof item === "string")) return value.join("\n");
  if (!value.every((item): item is number => Number.isInteger(item) && item >= 0 && item <= 255)) return undefined;
  return new TextDecoder("utf-8").decode(Uint8Array.from(value));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,18}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

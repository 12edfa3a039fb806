/**
 * Values as `nvidia-smi` prints them. What the driver does not report is absent: `N/A`, `[N/A]`, `Not Supported`,
 * `ERR!`, `Unknown Error`, `GPU is lost` and the sentence on deprecated functions are no values.
 */
const NO_VALUE =
  /^\[?(?:n\/a|not supported|not available|unknown|unknown error|err!|gpu is lost|gpu requires reset|insufficient permissions|requested functionality has been deprecated)\]?$/i;

/** The text, trimmed; undefined where it stands for "no value". */
export function textValue(raw: string | undefined): string | undefined {
  if (raw === undefined) return undefined;
  const text = raw.trim();
  return text === "" || NO_VALUE.test(text) ? undefined : text;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/i;

/**
 * The number a value begins with; its unit is dropped, because each field of the tree has one unit in all schemas
 * (`27 C`, `67.03 W`, `16x`, `19968 MiB`, `512 bank(s)`). Text that does not begin with a number is absent.
 */
export function numberValue(raw: string | undefined): number | undefined {
  const text = textValue(raw);
  if (text === undefined) return undefined;
  const match = NUMBER.exec(text);
  if (match === null || /^0x/i.test(text)) return undefined;
  const value = Number(match[0]);
  return Number.isFinite(value) ? value : undefined;
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["enabled", true],
  ["active", true],
  ["no", false],
  ["disabled", false],
  ["not active", false],
]);

/** `Yes`, `Enabled`, `Active` and their opposites; anything else is absent. */
export function flagValue(raw: string | undefined): boolean | undefined {
  return FLAGS.get(textValue(raw)?.toLowerCase() ?? "");
}

/** Sum of the numbers that are there; undefined when none is. */
export function sumOf(...values: readonly (number | undefined)[]): number | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length === 0 ? undefined : present.reduce((total, value) => total + value, 0);
}

const PCI = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.([0-7]))?$/i;

/**
 * A PCI address in the form all parts of the engine join by: lower case `dddd:bb:dd.f`, the domain cut to its last four
 * digits, function 0 when none is given. Undefined for anything else.
 */
export function pciAddress(raw: string | undefined): string | undefined {
  const match = PCI.exec(raw?.trim() ?? "");
  if (match === null) return undefined;
  const [, domain = "0000", bus = "", device = "", fn = "0"] = match;
  return `${domain.slice(-4)}:${bus.padStart(2, "0")}:${device.padStart(2, "0")}.${fn}`.toLowerCase();
}

/** Drops the keys whose value is undefined, so that readings compare and print cleanly. */
export function compact<Shape extends object>(shape: Shape): Shape {
  const result: Partial<Shape> = {};
  for (const key of Object.keys(shape) as (keyof Shape)[]) {
    if (shape[key] !== undefined) result[key] = shape[key];
  }
  // Only keys that hold undefined are left out, which an optional key allows.
  return result as Shape;
}

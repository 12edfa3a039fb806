/** How much a benchmark does. A list is a series, measured one after another. */
export type Sizes = Readonly<Record<string, number | readonly number[]>>;

export interface SizeChoice<Chosen extends Sizes> {
  readonly full: Chosen;
  /** What differs with `--quick`, which shows that the benchmark works and not what is fast. */
  readonly quick: Partial<Chosen>;
}

/** Options of the command line: `--quick`, and `--name value` for one size. */
export type Flags = Readonly<Record<string, string | true>>;

/** `["stored", "--quick", "--clients", "1,8"]`: words and flags. Throws on what is neither. */
export function readArguments(args: readonly string[]): { words: string[]; flags: Flags } {
  const words: string[] = [];
  const flags: Record<string, string | true> = {};
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (!arg.startsWith("--")) words.push(arg);
    else if (arg === "--quick") flags["quick"] = true;
    else {
      const value = args[(index += 1)];
      if (value === undefined || !/^[\d.]+(,[\d.]+)*$/.test(value)) throw new Error(`${arg} needs a number`);
      flags[arg.slice(2)] = value;
    }
  }
  return { words, flags };
}

/** Throws on a list where one number is meant. */
export function chooseSizes<Chosen extends Sizes>({ full, quick }: SizeChoice<Chosen>, flags: Flags): Chosen {
  const chosen: Sizes = flags["quick"] === true ? { ...full, ...quick } : full;
  const entries = Object.entries(chosen).map(([name, size]) => {
    const given = flags[name];
    if (typeof given !== "string") return [name, size];
    const numbers = given.split(",").map(Number);
    if (typeof size !== "number") return [name, numbers];
    if (numbers.length !== 1) throw new Error(`--${name} takes one number`);
    return [name, numbers[0]];
  });
  // The names of `full`, each with a value of the same kind.
  return Object.fromEntries(entries) as Chosen;
}

/** `64 streams, 2000 tokens`, for the line under a table. */
export function describeSizes(sizes: Sizes): string {
  return Object.entries(sizes)
    .map(([name, size]) => `${name} ${typeof size === "number" ? size : size.join(",")}`)
    .join(", ");
}

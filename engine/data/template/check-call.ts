import type { CallArguments } from "./ast.ts";
import { FILTER_SIGNATURES, METHOD_SIGNATURES, type Signature, TEST_SIGNATURES } from "./signatures.ts";
import type { TokenStream } from "./token-stream.ts";

const TABLES = { filter: FILTER_SIGNATURES, method: METHOD_SIGNATURES, test: TEST_SIGNATURES };

/** What a filter, method or test takes; one that is not in the tables is refused with those that are. */
export function signatureOf(stream: TokenStream, kind: keyof typeof TABLES, name: string, at: number): Signature {
  const table = TABLES[kind];
  const signature = Object.hasOwn(table, name) ? table[name] : undefined;
  if (signature !== undefined) return signature;
  const allowed = Object.keys(table).sort().join(", ");
  throw stream.fail(`the ${kind} \`${name}\` is not allowed; allowed are ${allowed}`, at);
}

/** Refuses a call with too many, too few, unknown or doubled arguments. */
export function checkArguments(
  stream: TokenStream,
  what: string,
  signature: Signature,
  call: CallArguments,
  at: number,
): void {
  if (signature.isOpen === true) return;
  const { names, required } = signature;
  if (call.args.length > names.length) {
    throw stream.fail(`${what} takes at most ${names.length} arguments, not ${call.args.length}`, at);
  }
  const given = new Set(names.slice(0, call.args.length));
  for (const { name } of call.named) {
    const choice = names.length === 0 ? "it takes none" : `it takes ${names.join(", ")}`;
    if (!names.includes(name)) throw stream.fail(`${what} has no argument \`${name}\`; ${choice}`, at);
    if (given.has(name)) throw stream.fail(`${what} gets the argument \`${name}\` twice`, at);
    given.add(name);
  }
  const missing = names.slice(0, required).filter((name) => !given.has(name));
  if (missing.length > 0) throw stream.fail(`${what} needs ${missing.map((name) => `\`${name}\``).join(", ")}`, at);
}

import type { Dice } from "./dice.ts";
import { compilePattern } from "../llm/json-schema-values.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const WORD = `${LETTERS}${LETTERS.toUpperCase()}0123456789`;

/**
 * A text that matches a regular expression made of literals, classes, groups, alternatives and repeats, or undefined
 * when the pattern uses more than that.
 */
export function exampleOf(pattern: string, dice: Dice): string | undefined {
  const expression = compilePattern(pattern);
  if (expression === undefined) return undefined;
  const reader = { text: pattern.replace(/^\^/, "").replace(/\$$/, ""), at: 0 };
  const example = readAlternatives(reader, dice);
  return example !== undefined && reader.at >= reader.text.length && expression.test(example) ? example : undefined;
}

interface Reader {
  readonly text: string;
  at: number;
}

/** Every alternative is read, one is kept. */
function readAlternatives(reader: Reader, dice: Dice): string | undefined {
  const options: string[] = [];
  for (;;) {
    const option = readSequence(reader, dice);
    if (option === undefined) return undefined;
    options.push(option);
    if (reader.text[reader.at] !== "|") return dice.pick(options);
    reader.at += 1;
  }
}

function readSequence(reader: Reader, dice: Dice): string | undefined {
  let result = "";
  while (reader.at < reader.text.length && !"|)".includes(reader.text[reader.at] ?? "")) {
    const start = reader.at;
    const first = readAtom(reader, dice);
    if (first === undefined) return undefined;
    const end = reader.at;
    const repeat = /^(?:[?*+]|\{(\d+)(,(\d*))?\})/.exec(reader.text.slice(reader.at));
    if (repeat === null) {
      result += first;
      continue;
    }
    reader.at += repeat[0].length;
    const after = reader.at;
    const count = dice.between(...repeatRange(repeat));
    for (let index = 0; index < count; index += 1) {
      reader.at = start;
      result += readAtom(reader, dice) ?? "";
      if (reader.at !== end) return undefined;
    }
    reader.at = after;
  }
  return result;
}

function repeatRange(repeat: RegExpExecArray): [number, number] {
  if (repeat[0] === "?") return [0, 1];
  if (repeat[0] === "*") return [0, 4];
  if (repeat[0] === "+") return [1, 5];
  const low = Number(repeat[1]);
  return [low, repeat[2] === undefined ? low : repeat[3] ? Number(repeat[3]) : low + 4];
}

function readAtom(reader: Reader, dice: Dice): string | undefined {
  const character = reader.text[reader.at] ?? "";
  reader.at += 1;
  if (character === "(") {
    const group = /^\?(?::|<[A-Za-z]\w*>)/.exec(reader.text.slice(reader.at));
    if (group !== null) reader.at += group[0].length;
    else if (reader.text[reader.at] === "?") return undefined;
    const inner = readAlternatives(reader, dice);
    if (reader.text[reader.at] !== ")") return undefined;
    reader.at += 1;
    return inner;
  }
  if (character === "[") return readClass(reader, dice);
  if (character === ".") return dice.pick(Array.from(LETTERS));
  if (character === "\\") {
    const escaped = reader.text[reader.at] ?? "";
    reader.at += 1;
    const set = classOf(escaped);
    return set === undefined ? (/[\w]/.test(escaped) ? undefined : escaped) : dice.pick(Array.from(set));
  }
  return "^$?*+{}".includes(character) ? undefined : character;
}

function readClass(reader: Reader, dice: Dice): string | undefined {
  if (reader.text[reader.at] === "^") return undefined;
  let set = "";
  while (reader.at < reader.text.length && reader.text[reader.at] !== "]") {
    const character = reader.text[reader.at] ?? "";
    const escaped = reader.text[reader.at + 1] ?? "";
    if (character === "\\") {
      set += classOf(escaped) ?? escaped;
      reader.at += 2;
    } else if (escaped === "-" && reader.text[reader.at + 2] !== "]" && reader.at + 2 < reader.text.length) {
      const last = reader.text.charCodeAt(reader.at + 2);
      for (let code = character.charCodeAt(0); code <= last; code += 1) set += String.fromCharCode(code);
      reader.at += 3;
    } else {
      set += character;
      reader.at += 1;
    }
  }
  reader.at += 1;
  return set === "" ? undefined : dice.pick(Array.from(set));
}

function classOf(escaped: string): string | undefined {
  if (escaped === "d") return "0123456789";
  if (escaped === "w") return WORD;
  return escaped === "s" ? " " : undefined;
}

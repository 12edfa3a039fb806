/** What a filter, test or method takes after its subject: the names in order, and how many must be given. */
export interface Signature {
  readonly names: readonly string[];
  readonly required: number;
  /** How many further arguments are read, for `format`. */
  readonly isOpen?: boolean;
}

function takes(names: readonly string[] = [], required = 0): Signature {
  return { names, required };
}

/** The filters of the original's secure renderer; every other one is refused by name. */
export const FILTER_SIGNATURES: Readonly<Record<string, Signature>> = {
  abs: takes(),
  capitalize: takes(),
  escape: takes(),
  first: takes(),
  float: takes(["default"]),
  forceescape: takes(),
  int: takes(["default", "base"]),
  items: takes(),
  jsonpath: takes(["expression"], 1),
  last: takes(),
  length: takes(),
  list: takes(),
  lower: takes(),
  max: takes(["case_sensitive", "attribute"]),
  min: takes(["case_sensitive", "attribute"]),
  random: takes(),
  replace: takes(["old", "new", "count"], 2),
  reverse: takes(),
  round: takes(["precision", "method"]),
  sort: takes(["reverse", "case_sensitive", "attribute"]),
  string: takes(),
  title: takes(),
  trim: takes(["chars"]),
  truncate: takes(["length", "killwords", "end", "leeway"]),
  unique: takes(["case_sensitive", "attribute"]),
  upper: takes(),
  urlencode: takes(),
};

const OTHER = takes(["other"], 1);

export const TEST_SIGNATURES: Readonly<Record<string, Signature>> = {
  boolean: takes(),
  defined: takes(),
  divisibleby: takes(["num"], 1),
  eq: OTHER,
  equalto: OTHER,
  even: takes(),
  false: takes(),
  float: takes(),
  ge: OTHER,
  greaterthan: OTHER,
  gt: OTHER,
  in: takes(["seq"], 1),
  integer: takes(),
  iterable: takes(),
  le: OTHER,
  lessthan: OTHER,
  lower: takes(),
  lt: OTHER,
  mapping: takes(),
  ne: OTHER,
  none: takes(),
  number: takes(),
  odd: takes(),
  sameas: OTHER,
  sequence: takes(),
  string: takes(),
  true: takes(),
  undefined: takes(),
  upper: takes(),
};

const RANGE = ["sub", "start", "end"];
const PAD = ["width", "fillchar"];

/** The methods of text, lists and dicts that may be called: those that only compute. */
export const METHOD_SIGNATURES: Readonly<Record<string, Signature>> = {
  capitalize: takes(),
  casefold: takes(),
  center: takes(PAD, 1),
  count: takes(["sub"], 1),
  endswith: takes(["suffix"], 1),
  find: takes(RANGE, 1),
  format: { names: [], required: 0, isOpen: true },
  get: takes(["key", "default"], 1),
  index: takes(["sub"], 1),
  isalnum: takes(),
  isalpha: takes(),
  isdigit: takes(),
  islower: takes(),
  isnumeric: takes(),
  isspace: takes(),
  istitle: takes(),
  isupper: takes(),
  items: takes(),
  join: takes(["iterable"], 1),
  keys: takes(),
  ljust: takes(PAD, 1),
  lower: takes(),
  lstrip: takes(["chars"]),
  partition: takes(["sep"], 1),
  removeprefix: takes(["prefix"], 1),
  removesuffix: takes(["suffix"], 1),
  replace: takes(["old", "new", "count"], 2),
  rfind: takes(RANGE, 1),
  rjust: takes(PAD, 1),
  rpartition: takes(["sep"], 1),
  rsplit: takes(["sep", "maxsplit"]),
  rstrip: takes(["chars"]),
  split: takes(["sep", "maxsplit"]),
  splitlines: takes(["keepends"]),
  startswith: takes(["prefix"], 1),
  strip: takes(["chars"]),
  swapcase: takes(),
  title: takes(),
  upper: takes(),
  values: takes(),
  zfill: takes(["width"], 1),
};

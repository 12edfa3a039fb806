/** Things a question names, read from plain English. Every function is total: nothing found is an empty answer. */

const NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
const WORD = NUMBER_WORDS.join("|");
const ITEM = `(?:\\d{1,3}|${WORD})(?![\\d%]|\\.\\d|-?[0-9a-f]{4,}-)`;
const GPU_LIST = new RegExp(
  `\\b(?:gpus?|cuda|device|card)[\\s:_-]*(?:#|no\\.?|number|id|index)?\\s*(${ITEM}(?:\\s*(?:,|and|&|or|\\/|-|to|through)\\s*(?:gpus?\\s*)?#?${ITEM})*)\\b`,
  "gi",
);
const ORDINAL_GPU = new RegExp(`\\b(${ORDINALS.join("|")})\\s+(?:gpu|card|device)\\b`, "gi");

/** GPU ids in the order named: `GPU 3`, `gpu3`, `cuda:0`, `GPUs 0, 2 and 5`, `GPU 0-3`, `the second GPU` (1). */
export function findGpuIds(text: string): number[] {
  const ids: number[] = [];
  for (const match of text.matchAll(GPU_LIST)) {
    const list = match[1] ?? "";
    const range = /^\s*(\d{1,3})\s*(?:-|to|through)\s*(\d{1,3})\s*$/.exec(list);
    const [from, to] = [Number(range?.[1]), Number(range?.[2])];
    if (range !== null && from < to && to - from < 64) {
      for (let id = from; id <= to; id += 1) ids.push(id);
    } else {
      for (const item of list.toLowerCase().match(new RegExp(`\\d{1,3}|${WORD}`, "g")) ?? []) ids.push(toNumber(item));
    }
  }
  // Negative ids exist as little as too high ones; read as what was typed, they are refused by the same words.
  for (const match of text.matchAll(/\b(?:gpus?|card)\s+-(\d{1,3})\b/gi)) {
    ids.splice(ids.indexOf(Number(match[1])), 1, -Number(match[1]));
  }
  for (const match of text.matchAll(ORDINAL_GPU)) ids.push(ORDINALS.indexOf((match[1] ?? "").toLowerCase()));
  return [...new Set(ids)];
}

function toNumber(text: string): number {
  const word = NUMBER_WORDS.indexOf(text);
  return word === -1 ? Number(text) : word;
}

/** Every GPU of a node: `all GPUs`, `each card`, `all of them`. */
export function isEveryGpuMeant(text: string): boolean {
  return /\b(?:all|every|each)\b(?: of)?(?: the| our| its| \d+)* (?:gpus?|cards?|devices?|them)\b|\beverywhere\b|\bon all\b/i.test(
    text,
  );
}

/** The number of an NVSwitch error: `SXid 20034`. */
export function findSxid(text: string): number | undefined {
  const code = /\bsxids?\s*(?:error|code|number)?\s*[:#=]?\s*(\d{4,6})\b/i.exec(text)?.[1];
  return code === undefined ? undefined : Number(code);
}

/** XID codes: `XID 79`, `Xid error 48 and 63`, `xid: 13`, `XID79`. Not SXid. */
export function findXids(text: string): number[] {
  const codes: number[] = [];
  const list =
    /(?<!s)xids?(?:\s+(?:error|errors|code|codes|number|event|events))*\s*[:#=]?\s*(\d{1,4}(?:\s*(?:,|and|&|or|\/|\+|vs\.?|versus)\s*(?:xid\s*)?\d{1,4})*)/gi;
  for (const match of text.matchAll(list)) {
    for (const code of match[1]?.match(/\d{1,4}/g) ?? []) codes.push(Number(code));
  }
  return [...new Set(codes)];
}

/** `NEMOPS-` and eight hex digits, in upper case. */
export function findAlertId(text: string): string | undefined {
  return /\bNEMOPS-[0-9A-F]{8}\b/i.exec(text)?.[0].toUpperCase();
}

/** A node by a name with a digit or a dash in it, after a word that says it is one. */
export function findNode(text: string): string | undefined {
  return /\b(?:node|host|machine|server)\s+(?:named\s+|called\s+)?["'`]?([a-z][\w.]*[-\d][\w.-]*)/i
    .exec(text)?.[1]
    ?.replace(/[.-]+$/, "");
}

const UNIT_MINUTES: readonly (readonly [RegExp, number])[] = [
  [/^m(?:in(?:ute)?s?)?$/, 1],
  [/^h(?:(?:ou)?rs?)?$/, 60],
  [/^d(?:ays?)?$/, 1_440],
  [/^w(?:eeks?)?$/, 10_080],
];

/** A span of time in minutes: `30 minutes`, `2h`, `half an hour`, `an hour`, `two days`. */
export function findMinutes(text: string): number | undefined {
  const lower = text.toLowerCase();
  if (/\bhalf (?:an )?hour\b/.test(lower)) return 30;
  const match = new RegExp(
    `\\b(\\d+(?:\\.\\d+)?|an?|${WORD})[\\s-]*(m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\\b`,
  ).exec(lower);
  if (match === null) return undefined;
  const amount = /^an?$/.test(match[1] ?? "")
    ? 1
    : /^\d/.test(match[1] ?? "")
      ? Number(match[1])
      : toNumber(match[1] ?? "");
  const unit = UNIT_MINUTES.find(([pattern]) => pattern.test(match[2] ?? ""))?.[1] ?? 1;
  return Math.round(amount * unit);
}

export type TestName = "memory_stress" | "compute_stress" | "nvlink_check" | "pcie_bandwidth" | "thermal_profile";

const TEST_WORDS: readonly (readonly [RegExp, TestName])[] = [
  [/nv-?link/i, "nvlink_check"],
  [/pci-?e|bandwidth/i, "pcie_bandwidth"],
  [/thermal|temperature|cooling|heat/i, "thermal_profile"],
  [/memory|\bmem\b|vram|\becc\b|\bhbm\b|memtest/i, "memory_stress"],
  [/comput|flops|gemm|\bburn|matrix|\bsm[ _]?stress/i, "compute_stress"],
];

/** The diagnostic a question names, by its own name or by its subject. */
export function findTest(text: string): TestName | undefined {
  return TEST_WORDS.find(([pattern]) => pattern.test(text))?.[1];
}

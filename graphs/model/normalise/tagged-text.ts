/** Text that a model marks up in its plain output, split while it streams. */
export type TaggedPiece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  /** A whole block that may be a tool call: what stood in it, and how it stood there. */
  | { readonly type: "block"; readonly inner: string; readonly raw: string };

interface TagRule {
  readonly open: string;
  readonly close: string;
  readonly kind: "reasoning" | "block";
}

/** Reasoning tags and the two ways models write a tool call as text: tags, and a fenced JSON block. */
const RULES: readonly TagRule[] = [
  { open: "<think>", close: "</think>", kind: "reasoning" },
  { open: "<tool_call>", close: "</tool_call>", kind: "block" },
  { open: "```", close: "```", kind: "block" },
];
const LONGEST_OPEN = Math.max(...RULES.map((rule) => rule.open.length));

/** A block longer than this is not a tool call; it is let go as text, so that little is held back. */
export const MAX_BLOCK_CHARS = 65_536;

/**
 * Splits text that arrives in pieces cut anywhere, also inside a tag. Text is passed on at once but for a tail that may
 * be the beginning of a tag; reasoning is passed on as it comes; a block is held until it closes.
 */
export function createTagSplitter(): { push(text: string): TaggedPiece[]; end(): TaggedPiece[] } {
  let buffer = "";
  let open: TagRule | undefined;

  function drain(isEnd: boolean): TaggedPiece[] {
    const pieces: TaggedPiece[] = [];
    while (buffer !== "") {
      const before = buffer.length;
      const wasOpen = open;
      if (open === undefined) takeText(pieces, isEnd);
      else if (open.kind === "reasoning") takeReasoning(pieces, isEnd, open);
      else takeBlock(pieces, isEnd, open);
      if (buffer.length === before && open === wasOpen) break;
    }
    return pieces;
  }

  function takeText(pieces: TaggedPiece[], isEnd: boolean): void {
    const found = firstOpening(buffer);
    if (found !== undefined) {
      pushText(pieces, buffer.slice(0, found.at));
      buffer = buffer.slice(found.at + found.rule.open.length);
      open = found.rule;
      return;
    }
    const keep = isEnd
      ? 0
      : partialTagLength(
          buffer,
          RULES.map((rule) => rule.open),
          LONGEST_OPEN,
        );
    pushText(pieces, buffer.slice(0, buffer.length - keep));
    buffer = buffer.slice(buffer.length - keep);
  }

  function takeReasoning(pieces: TaggedPiece[], isEnd: boolean, rule: TagRule): void {
    const at = buffer.indexOf(rule.close);
    const keep = isEnd ? 0 : partialTagLength(buffer, [rule.close], rule.close.length);
    const end = at === -1 ? buffer.length - keep : at;
    if (end > 0) pieces.push({ type: "reasoning", text: buffer.slice(0, end) });
    buffer = at === -1 ? buffer.slice(end) : buffer.slice(at + rule.close.length);
    if (at !== -1) open = undefined;
  }

  function takeBlock(pieces: TaggedPiece[], isEnd: boolean, rule: TagRule): void {
    const at = buffer.indexOf(rule.close);
    if (at === -1 && !isEnd && buffer.length <= MAX_BLOCK_CHARS) return;
    // A block that never closes may be a call that was cut short of its end tag; a fence left open is just text.
    const isCall = at !== -1 || rule.open === "<tool_call>";
    const inner = at === -1 ? buffer : buffer.slice(0, at);
    const raw = `${rule.open}${inner}${at === -1 ? "" : rule.close}`;
    if (isCall && inner.length <= MAX_BLOCK_CHARS) pieces.push({ type: "block", inner, raw });
    else pushText(pieces, raw);
    buffer = at === -1 ? "" : buffer.slice(at + rule.close.length);
    open = undefined;
  }

  return {
    push(text) {
      buffer += text;
      return drain(false);
    },
    end: () => drain(true),
  };
}

function pushText(pieces: TaggedPiece[], text: string): void {
  if (text !== "") pieces.push({ type: "text", text });
}

function firstOpening(text: string): { at: number; rule: TagRule } | undefined {
  let first: { at: number; rule: TagRule } | undefined;
  for (const rule of RULES) {
    const at = text.indexOf(rule.open);
    if (at !== -1 && (first === undefined || at < first.at)) first = { at, rule };
  }
  return first;
}

/** Length of the longest tail of `text` that one of the tags begins with. */
function partialTagLength(text: string, tags: readonly string[], longest: number): number {
  for (let length = Math.min(longest - 1, text.length); length > 0; length -= 1) {
    const tail = text.slice(text.length - length);
    if (tags.some((tag) => tag.startsWith(tail))) return length;
  }
  return 0;
}

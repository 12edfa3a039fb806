import type { NormalPart, RawPart, ToolFragment } from "./parts.ts";
import { createTagSplitter, type TaggedPiece } from "./tagged-text.ts";
import { readTextToolCalls } from "./text-tool-calls.ts";
import { parseToolArguments } from "./tool-arguments.ts";

export interface StreamNormaliserOptions {
  /** Tools the model was offered; text that calls anything else stays text. */
  readonly toolNames: ReadonlySet<string>;
  /** Call ids that exist in the thread already. */
  readonly usedIds: ReadonlySet<string>;
  /**
   * Whether this text stands in something the model was shown. A call written as text is taken only when it is the
   * model's own: quoting a log or a document that contains a call must not run it.
   */
  readonly isQuoted: (text: string) => boolean;
}

interface OpenCall {
  readonly index: number;
  readonly rawIndex: number | undefined;
  readonly rawId: string | undefined;
  args: string;
}

/**
 * Brings what different servers stream into one form: reasoning apart from text whichever way it came, tool calls
 * written as text as real calls, call ids that occur once in the thread. Parts are passed on as early as they are
 * certain. `end` must be called once, after the last chunk.
 */
export function createStreamNormaliser(options: StreamNormaliserOptions): {
  push(part: RawPart): NormalPart[];
  end(finishReason: string | undefined): NormalPart[];
} {
  const splitter = createTagSplitter();
  const usedIds = new Set(options.usedIds);
  const calls: OpenCall[] = [];
  const heldBlocks: { inner: string; raw: string }[] = [];
  let reasoning = "";
  let hasText = false;

  function onPieces(pieces: readonly TaggedPiece[]): NormalPart[] {
    return pieces.flatMap((piece): NormalPart[] => {
      if (piece.type === "reasoning") return onReasoning(piece.text);
      if (piece.type === "block") return onBlock(piece);
      return onText(piece.text);
    });
  }

  function onText(text: string): NormalPart[] {
    if (text.trim() !== "") hasText = true;
    // White space before the first word is what remains of a removed block.
    return hasText ? [{ type: "text", text }] : [];
  }

  function onReasoning(text: string): NormalPart[] {
    reasoning += text;
    return text === "" ? [] : [{ type: "reasoning", text }];
  }

  function onBlock(block: { inner: string; raw: string }): NormalPart[] {
    const isCall = readTextToolCalls(block.inner, options.toolNames) !== undefined;
    if (!isCall || options.isQuoted(block.inner.trim())) return onText(block.raw);
    // Held to the end: when native calls come too, the text only repeats them.
    heldBlocks.push(block);
    return [];
  }

  function newId(wanted: string | undefined, index: number): string {
    const base = wanted === undefined || wanted === "" ? `call_${usedIds.size}_${index}` : wanted;
    let id = base;
    for (let suffix = 2; usedIds.has(id); suffix += 1) id = `${base}_${suffix}`;
    usedIds.add(id);
    return id;
  }

  function beginCall(fragment: ToolFragment): NormalPart {
    const call = { index: calls.length, rawIndex: fragment.index, rawId: fragment.id, args: fragment.args ?? "" };
    calls.push(call);
    return {
      type: "tool",
      index: call.index,
      id: newId(fragment.id, call.index),
      args: call.args,
      ...(fragment.name === undefined ? {} : { name: fragment.name }),
    };
  }

  function onFragment(fragment: ToolFragment): NormalPart[] {
    const open = calls.findLast((call) => call.rawIndex === fragment.index);
    if (open === undefined || (fragment.name && startsNewCall(fragment, open))) {
      return fragment.name ? [beginCall(fragment)] : [];
    }
    open.args += fragment.args ?? "";
    return fragment.args ? [{ type: "tool", index: open.index, args: fragment.args }] : [];
  }

  return {
    push(part) {
      const parts: NormalPart[] = [];
      if (part.reasoning) parts.push(...onReasoning(part.reasoning));
      if (part.text) parts.push(...onPieces(splitter.push(part.text)));
      for (const fragment of part.tools ?? []) parts.push(...onFragment(fragment));
      return parts;
    },
    end(finishReason) {
      const parts = onPieces(splitter.end());
      if (calls.length === 0) {
        const blocks = heldBlocks.length > 0 || hasText ? heldBlocks : blocksIn(reasoning);
        for (const block of blocks) {
          if (options.isQuoted(block.inner.trim())) continue;
          for (const call of readTextToolCalls(block.inner, options.toolNames) ?? []) parts.push(beginCall(call));
        }
      }
      // With thinking off some servers put the whole answer into the reasoning field and leave the content empty.
      const isSwapped = !hasText && calls.length === 0 && reasoning.trim() !== "" && finishReason === "stop";
      if (isSwapped) parts.push({ type: "text", text: reasoning.trim() });
      return parts;
    },
  };
}

/** Some servers give every call of a message the same index, some the same id: a name after a whole call is a new one. */
function startsNewCall(fragment: ToolFragment, open: OpenCall): boolean {
  if (fragment.id !== undefined && fragment.id !== "" && fragment.id !== open.rawId) return true;
  return open.args.trim() !== "" && parseToolArguments(open.args).ok;
}

function blocksIn(text: string): { inner: string; raw: string }[] {
  const splitter = createTagSplitter();
  return [...splitter.push(text), ...splitter.end()].filter((piece) => piece.type === "block");
}

export interface Fence {
  /** In lower case; empty when the fence names no language. */
  readonly language: string;
  readonly content: string;
  /** False when the text ends inside the block. */
  readonly isClosed: boolean;
}

/**
 * Fenced blocks of a Markdown text in their order. Backticks and tildes, any length from three; a block ends at a line of the
 * same sign, at least as long. A closing fence that stands at the end of the last line of content also counts.
 */
export function readFences(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { readonly mark: string; readonly language: string; readonly lines: string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open === undefined) {
      const start = /^\s*(?:[->*]\s+)?(`{3,}|~{3,})\s*([\w+#.:-]*)[^`]*?(?:\s(.*))?$/.exec(line);
      const oneLine = /(`{3,})([\w+#-]*)\s+(.+?)\s*\1/.exec(line);
      if (oneLine?.[3] !== undefined)
        fences.push({ language: (oneLine[2] ?? "").toLowerCase(), content: oneLine[3], isClosed: true });
      else if (start?.[1] !== undefined) open = { mark: start[1], language: (start[2] ?? "").toLowerCase(), lines: [] };
      continue;
    }
    const end = line.trimEnd();
    const sign = open.mark.charAt(0);
    const isEnd = end.trimStart().startsWith(open.mark) && new RegExp(`^\\s*${sign}{${open.mark.length},}$`).test(end);
    if (isEnd || end.endsWith(open.mark)) {
      if (!isEnd) open.lines.push(end.slice(0, -open.mark.length));
      fences.push({ language: open.language, content: open.lines.join("\n"), isClosed: true });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) fences.push({ language: open.language, content: open.lines.join("\n"), isClosed: false });
  return fences;
}

export interface Thought {
  readonly text: string;
  readonly reasoning: string;
}

/** Takes `<think>` passages out of an answer. One that never ends leaves no answer. */
export function splitReasoning(answer: string): Thought {
  const thoughts: string[] = [];
  let text = answer.replaceAll(/<(think|thinking|reasoning)>([\s\S]*?)<\/\1>/gi, (_, _tag: string, thought: string) => {
    thoughts.push(thought.trim());
    return "";
  });
  // Servers that feed the opening tag to the model themselves return the closing one only.
  const closing = /^([\s\S]*?)<\/(?:think|thinking|reasoning)>/i.exec(text);
  if (closing !== null) {
    thoughts.unshift((closing[1] ?? "").trim());
    text = text.slice(closing[0].length);
  }
  const opening = /<(?:think|thinking|reasoning)>([\s\S]*)$/i.exec(text);
  if (opening !== null) {
    thoughts.push((opening[1] ?? "").trim());
    text = text.slice(0, opening.index);
  }
  return { text: text.trim(), reasoning: thoughts.filter((thought) => thought !== "").join("\n\n") };
}

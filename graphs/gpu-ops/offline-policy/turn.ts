import type { PolicyTurn } from "../../model/types.ts";
import type { PolicyView } from "./view.ts";

/** How one kind of question is worked off: looks at what is done and answers the next turn. */
export type Flow = (view: PolicyView) => PolicyTurn;

export function callTools(...calls: readonly (readonly [name: string, args: Record<string, unknown>])[]): PolicyTurn {
  return { text: "", toolCalls: calls.map(([name, args]) => ({ name, args: dropUndefined(args) })) };
}

export function say(...paragraphs: readonly (string | undefined)[]): PolicyTurn {
  return {
    text: paragraphs.filter((paragraph) => paragraph !== undefined && paragraph !== "").join("\n\n"),
    toolCalls: [],
  };
}

function dropUndefined(args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}

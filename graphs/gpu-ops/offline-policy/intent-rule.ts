import type { Intent } from "./intent.ts";
import { findNode } from "./mentions.ts";

export interface IntentContext {
  /** What the user asked before this. */
  previous(): Intent | undefined;
}

export type IntentRule = (question: string, context: IntentContext) => Intent | undefined;

export function withNode<Base extends object>(base: Base, question: string): Base & { node?: string } {
  const node = findNode(question);
  return node === undefined ? base : { ...base, node };
}

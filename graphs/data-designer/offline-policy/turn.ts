import type { PolicyTurn } from "../../model/types.ts";
import type { DesignCall } from "./column-calls.ts";

export function callTools(calls: readonly DesignCall[], text = ""): PolicyTurn {
  return { text, toolCalls: calls };
}

export function call(name: string, args: Readonly<Record<string, unknown>> = {}): DesignCall {
  return { name, args };
}

export function say(...paragraphs: readonly (string | undefined)[]): PolicyTurn {
  return {
    text: paragraphs.filter((paragraph) => paragraph !== undefined && paragraph !== "").join("\n\n"),
    toolCalls: [],
  };
}

/** One piece of a native tool call as an endpoint streams it. Every field but `args` may be missing in a fragment. */
export interface ToolFragment {
  readonly index?: number;
  readonly id?: string;
  readonly name?: string;
  readonly args?: string;
}

/** One chunk from an endpoint, reduced to what the normaliser reads. */
export interface RawPart {
  readonly text?: string;
  readonly reasoning?: string;
  readonly tools?: readonly ToolFragment[];
}

/** What comes out: text, reasoning, or a fragment of a tool call whose index and id are ours. */
export type NormalPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string }
  | {
      readonly type: "tool";
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly args: string;
    };

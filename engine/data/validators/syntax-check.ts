/** Where and why code cannot be right. Lines and columns count from 1. */
export interface SyntaxProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The result of a check that reads code and never runs it. */
export interface SyntaxCheck {
  readonly is_valid: boolean;
  /** `parser`: a real parser of the language accepted or refused it. `tokens`: only what `proves` says was looked at. */
  readonly validator: "parser" | "tokens";
  /** What a valid result proves, in words; anything else may still be wrong. */
  readonly proves: string;
  readonly problems: readonly SyntaxProblem[];
}

export const MAX_PROBLEMS = 20;

export function tokenCheck(proves: string, problems: readonly SyntaxProblem[]): SyntaxCheck {
  const sorted = problems.toSorted((left, right) => left.line - right.line || left.column - right.column);
  return { is_valid: problems.length === 0, validator: "tokens", proves, problems: sorted.slice(0, MAX_PROBLEMS) };
}

import { z } from "zod";

import { type FieldProblem, ServiceError } from "../../lib/errors.ts";
import type { Tool } from "../../tools/define-tool.ts";

/**
 * Checks the arguments of a call. Throws `invalid_input` with one problem per field, each saying what would be right.
 * Two habits of models are taken as meant: absent arguments are an empty object, and `null` for an optional field
 * that does not know null is the same as leaving it out. An unknown name is refused, because dropping a misspelt
 * `gpu` would silently widen the question to all GPUs.
 */
export function readArguments<Context>(tool: Tool<Context>, sent: unknown): Record<string, unknown> {
  const given = sent ?? {};
  if (typeof given !== "object" || Array.isArray(given)) {
    throw new ServiceError("invalid_input", `the arguments of ${tool.name} must be an object, got ${describe(given)}`);
  }
  const shape: Readonly<Record<string, z.ZodType>> = tool.input.shape;
  const parsed = z.strictObject(tool.input.shape).safeParse(dropMeaninglessNulls(shape, given), { reportInput: true });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => toProblems(issue, tool));
  const first = problems.map((problem) => `${problem.field} ${problem.message}`).join("; ");
  throw new ServiceError("invalid_input", `bad arguments for ${tool.name}: ${first}`, { problems });
}

function dropMeaninglessNulls(
  shape: Readonly<Record<string, z.ZodType>>,
  given: object,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => {
      const field = shape[name];
      const isMeaningless =
        value === null && field !== undefined && field.safeParse(undefined).success && !field.safeParse(null).success;
      return !isMeaningless;
    }),
  );
}

function toProblems<Context>(issue: z.core.$ZodIssue, tool: Tool<Context>): FieldProblem[] {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys" && path === "") {
    const known = Object.keys(tool.input.shape);
    const message =
      known.length === 0 ? "is not known; the tool takes none" : `is not known; known are ${known.join(", ")}`;
    return issue.keys.map((field) => ({ field, message }));
  }
  return [{ field: path || "arguments", message: describeIssue(issue, tool, path) }];
}

function describeIssue<Context>(issue: z.core.$ZodIssue, tool: Tool<Context>, path: string): string {
  const hint = (tool.input.shape[path] as z.ZodType | undefined)?.description;
  const meaning = hint === undefined ? "" : ` (${hint})`;
  const isMissing = issue.code === "invalid_type" && issue.input === undefined;
  if (isMissing) return `is required${meaning}`;
  const expectation = issue.code === "invalid_value" ? `must be one of ${issue.values.join(", ")}` : issue.message;
  return `${expectation}, got ${describe(issue.input)}${meaning}`;
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

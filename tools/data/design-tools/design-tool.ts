import { z } from "zod";

import { addColumn } from "../../../engine/data/design/draft/columns.ts";
import type { EditResult } from "../../../engine/data/design/draft/columns.ts";
import { MAX_SHOWN_VIOLATIONS } from "../../../engine/data/design/draft/edit.ts";
import type { DesignDraft, DraftColumn } from "../../../engine/data/design/draft.ts";
import type { Violation } from "../../../engine/data/design/violation.ts";
import { defineTool } from "../../define-tool.ts";
import type { Tool, ToolCall } from "../../define-tool.ts";
import type { DataToolContext } from "../context.ts";
import type { DesignerSettings } from "../designer/designer.ts";
import { keepDraft, readDraft } from "./design-source.ts";
import { booleanField, nameField, objectField, optional } from "./fields.ts";

/** Hints of tools that change nothing and ask nobody outside. */
export const READ_ONLY = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
} as const;

export type DataCall = ToolCall<DataToolContext>;

const JsonRecord = z.record(z.string(), z.unknown());

/** A violation as answers show it. */
export const ViolationAnswer = z.object({
  type: z.string().describe("Kind of problem"),
  level: z.enum(["error", "warning"]).describe("An error blocks generation"),
  column: z.string().nullable().describe("Column it is about; null for the whole design"),
  message: z.string().describe("What is wrong and what would be right"),
});

const DesignAnswer = z.object({
  design: JsonRecord.describe("The whole design after the call"),
  column: JsonRecord.nullable().describe("The column as stored; null when the call is about no column"),
  changes: z.array(z.string()).describe("What was done besides what was asked, for example names made valid"),
  missing: z.array(z.string()).describe("What is still to be said or added"),
  violations: z.array(ViolationAnswer).describe("What is wrong with the design now"),
  violations_left_out: z.number().int().optional().describe("Further violations, see validate_config"),
});

const MAX_LINES = 30;

export function boundViolations(violations: readonly Violation[]): {
  violations: Violation[];
  violations_left_out?: number;
} {
  const left = violations.length - MAX_SHOWN_VIOLATIONS;
  return {
    violations: violations.slice(0, MAX_SHOWN_VIOLATIONS),
    ...(left > 0 && { violations_left_out: left }),
  };
}

export function boundLines(lines: readonly string[]): string[] {
  const left = lines.length - MAX_LINES;
  return left > 0 ? [...lines.slice(0, MAX_LINES), `… and ${left} more`] : [...lines];
}

/** What a reducer may know besides the design. */
export interface Environment {
  readonly nowMs: number;
  /** Null where they were not asked for or could not be had. */
  readonly settings: DesignerSettings | null;
}

export interface DesignToolOptions<Input extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly example: Readonly<Record<string, unknown>>;
  readonly input: Input;
  readonly isDestructive?: boolean;
  readonly isIdempotent?: boolean;
  /** Asks about what lies outside of the design; the answer is told among the changes. Throws ServiceError, and then nothing has changed. */
  look?(input: z.output<Input>, context: DataToolContext): Promise<readonly string[]>;
  /** Whether `reduce` wants to know the models of the backend. */
  readonly needsSettings?: boolean;
  /** The design after the call. Throws ServiceError, and then nothing has changed. */
  reduce(draft: DesignDraft, input: z.output<Input>, environment: Environment): EditResult;
}

/** A tool that changes the design and nothing else. */
export function defineDesignTool<Input extends z.ZodObject>(options: DesignToolOptions<Input>): Tool<DataToolContext> {
  const { name, title, description, example, input, isIdempotent = false } = options;
  return defineTool({
    name,
    description,
    example,
    input,
    output: DesignAnswer,
    textOmits: ["design"],
    annotations: {
      title,
      readOnlyHint: false,
      destructiveHint: false,
      idempotentHint: isIdempotent,
      openWorldHint: false,
    },
    run: async (given, call: DataCall) => {
      const { designer, clock } = call.context;
      // A service that cannot be reached is no reason not to design; it is told when something is to be generated.
      const settings = options.needsSettings === true ? await designer.settings().catch(() => null) : null;
      const reduce = (): EditResult => options.reduce(readDraft(call), given, { nowMs: clock.now(), settings });
      // What the design refuses is told before anything outside is asked.
      if (options.look !== undefined) reduce();
      const seen = (await options.look?.(given, call.context)) ?? [];
      // Nothing may wait between reading the design and keeping it, or two calls of a session would lose one.
      const edit = reduce();
      keepDraft(call, edit.draft);
      return answerEdit({ ...edit, changes: [...edit.changes, ...seen] });
    },
  });
}

function answerEdit({ draft, column, changes, missing, violations }: EditResult): z.infer<typeof DesignAnswer> {
  return {
    design: draft,
    column,
    changes: boundLines(changes),
    missing: boundLines(missing),
    ...boundViolations(violations),
  };
}

const name = nameField("Name of the column: letters, digits and _");
const drop = optional(booleanField("True for a helper column that others need and the dataset must not show"));

/** Arguments of every column that is drawn. */
export const SAMPLER_FIELDS = {
  name,
  drop,
  conditional_params: optional(
    objectField(
      "Other parameters for rows in which a condition over drawn columns holds, for example {\"country == 'US'\": {…}}",
    ),
  ),
};

/** Arguments of every column that is derived from others. */
export const DERIVED_FIELDS = {
  name,
  drop,
  skip: optional(objectField('Rows without a value: {"when": "{{ in_stock == 0 }}", "value": null}')),
};

export interface ColumnToolOptions<Input extends z.ZodObject> extends Omit<DesignToolOptions<Input>, "reduce"> {
  /** The column in the design file format; fields that are undefined are left out of it. */
  column(input: z.output<Input>, environment: Environment, draft: DesignDraft): Readonly<Record<string, unknown>>;
}

/** A tool that adds one column. */
export function defineColumnTool<Input extends z.ZodObject>(options: ColumnToolOptions<Input>): Tool<DataToolContext> {
  return defineDesignTool({
    ...options,
    reduce: (draft, input, environment) => addColumn(draft, toDraftColumn(options.column(input, environment, draft))),
  });
}

/** Without what was not given, here and in `params`, so that the design shows what was asked for. */
export function toDraftColumn(fields: Readonly<Record<string, unknown>>): DraftColumn {
  const { params, ...rest } = fields;
  const given = { ...withoutUndefined(rest), ...(isRecord(params) && { params: withoutUndefined(params) }) };
  // The fields were read from JSON, so that what is left of them is JSON.
  return given as DraftColumn;
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== false));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

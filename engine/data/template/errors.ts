import { ServiceError } from "../../../lib/errors.ts";

/** A place in a template, both 1-based. */
export interface TemplatePosition {
  readonly line: number;
  readonly column: number;
}

/** Turns an offset into line and column. */
export function positionAt(source: string, offset: number): TemplatePosition {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

/** A template that is not accepted; `data` holds line and column. */
export function templateError(source: string, offset: number, message: string): ServiceError {
  const { line, column } = positionAt(source, offset);
  return new ServiceError("invalid_input", `template, line ${line}, column ${column}: ${message}`, {
    data: { line, column },
  });
}

/** Why a row of an expression column was left out; the names are those of the original system. */
export type RowFailureKind = "EmptyRenderedExpression" | "TemplateRenderError" | "TypeCastError";

/** A template that was accepted but fails on this record; `data.kind` says how. */
export function renderError(message: string, kind: RowFailureKind = "TemplateRenderError"): ServiceError {
  return new ServiceError("invalid_input", message, { data: { kind } });
}

/** The kind of a failure that a render threw. */
export function failureKind(error: unknown): RowFailureKind {
  if (error instanceof ServiceError) {
    const kind = error.data["kind"];
    if (kind === "EmptyRenderedExpression" || kind === "TypeCastError") return kind;
  }
  return "TemplateRenderError";
}

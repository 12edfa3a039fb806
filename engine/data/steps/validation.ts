import { ServiceError } from "../../../lib/errors.ts";
import type { ColumnOf } from "../design/design.ts";
import type { GenerationEvent } from "../generation-events.ts";
import type { Row } from "../table-rows.ts";
import type { JsonValue } from "../table.ts";
import { type ParseCode, type ValidationResult, codeResult, joinResults } from "../validators/code-result.ts";
import type { ColumnStep } from "./step.ts";

export type ValidationColumn = ColumnOf<"validation">;
export type RemoteValidationColumn = Extract<ValidationColumn, { validator_type: "remote" }>;

/** The endpoint of one validation column, for all row groups of a generator. */
export interface RemoteValidator {
  /**
   * One result for each record, in order; records that could not be judged have `is_valid` null and say why. Rejects
   * with `unavailable` when the endpoint is given up, and with the signal's reason when it aborts.
   */
  validate(records: readonly Row[], signal?: AbortSignal): Promise<readonly ValidationResult[]>;
}

export interface ValidatorOpener {
  /** Sends nothing yet. Throws `invalid_input`, with the column's name, for an endpoint that must not be reached. */
  open(column: RemoteValidationColumn, onEvent: (event: GenerationEvent) => void): Promise<RemoteValidator>;
}

export interface ValidationOptions {
  readonly parseCode?: ParseCode | undefined;
  /** By column. */
  readonly remote: ReadonlyMap<string, RemoteValidator>;
}

/** A column that says of each row whether its target columns are right. Throws `not_supported`. */
export function compileValidationRun(column: ValidationColumn, options: ValidationOptions): ColumnStep["run"] {
  switch (column.validator_type) {
    case "code":
      return compileCodeRun(column, options.parseCode);
    case "remote": {
      const validator = options.remote.get(column.name);
      if (validator === undefined) throw refused(column.name, "nothing here can ask a remote validator");
      return compileRemoteRun(column, validator);
    }
    case "local_callable":
      throw refused(column.name, "a local_callable validator is a Python function that is not part of the design");
  }
}

function compileCodeRun(
  {
    name,
    target_columns: targets,
    validator_params: { code_lang: language },
  }: Extract<ValidationColumn, { validator_type: "code" }>,
  parseCode: ParseCode | undefined,
): ColumnStep["run"] {
  return (batch) => {
    const values = batch
      .records()
      .map((record) =>
        joinResults(targets.map((target) => [target, codeResult(record[target], language, parseCode)] as const)),
      );
    return made(name, values);
  };
}

function compileRemoteRun(
  { name, target_columns: targets }: RemoteValidationColumn,
  validator: RemoteValidator,
): ColumnStep["run"] {
  return async (batch, { signal }) => {
    const records = batch.records().map((record) => {
      const shown = Object.create(null) as Row;
      for (const target of targets) shown[target] = record[target] ?? null;
      return shown;
    });
    return made(name, await validator.validate(records, signal));
  };
}

function made(name: string, values: readonly JsonValue[]): ReturnType<ColumnStep["run"]> {
  return { columns: new Map([[name, { type: "json", values }]]), failures: [] };
}

function refused(name: string, reason: string): ServiceError {
  return new ServiceError("not_supported", `column "${name}": ${reason}; use validator_type code`);
}

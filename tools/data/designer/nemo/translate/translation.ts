import { OWN_VALIDATOR_LANGUAGES } from "../../../../../engine/data/design/columns.ts";
import type { ColumnOf } from "../../../../../engine/data/design/design.ts";
import { ServiceError } from "../../../../../lib/errors.ts";

/** A design in the form of a service. */
export interface Translation {
  readonly config: Readonly<Record<string, unknown>>;
  /** What the service will do otherwise than the design says, for people. */
  readonly warnings: readonly string[];
}

export interface UnsupportedFeature {
  /** Null for a part of the design that is no column. */
  readonly column: string | null;
  readonly feature: string;
  readonly why: string;
}

/** Collects what a service cannot do, so that one answer names everything. */
export interface FeatureCheck {
  readonly warnings: string[];
  refuse(column: string | null, feature: string, why: string): void;
  /** Throws `invalid_input` (it is the design that has to change) with every feature that was refused; does nothing when none was. */
  finish(): void;
}

export function createFeatureCheck(target: string): FeatureCheck {
  const unsupported: UnsupportedFeature[] = [];
  return {
    warnings: [],
    refuse: (column, feature, why) => void unsupported.push({ column, feature, why }),
    finish: () => {
      if (unsupported.length === 0) return;
      const said = unsupported.map(
        ({ column, feature, why }) => `${column === null ? "" : `column "${column}": `}${feature} (${why})`,
      );
      throw new ServiceError("invalid_input", `${target} does not support: ${said.join("; ")}`, {
        problems: unsupported.map(({ column, feature, why }) => ({
          field: column === null ? feature : `${column}.${feature}`,
          message: why,
        })),
        data: { unsupported },
      });
    },
  };
}

/** Refuses validators that no service has. */
export function checkValidator(column: ColumnOf<"validation">, check: FeatureCheck): void {
  if (column.validator_type === "local_callable") {
    check.refuse(column.name, "validator_type local_callable", "a Python function cannot be sent");
  } else if (column.validator_type === "code" && OWN_VALIDATOR_LANGUAGES.includes(column.validator_params.code_lang)) {
    const { code_lang: language } = column.validator_params;
    check.refuse(column.name, `code_lang ${language}`, "services check python and the sql dialects");
  }
}

/** The object without what is null or undefined: older services refuse a null where a field may be left out. */
export function compact(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Maps the entries of a list; anything else comes back as it is, for the schema to judge. */
export function mapList(value: unknown, map: (entry: Readonly<Record<string, unknown>>) => unknown): unknown {
  return Array.isArray(value) ? value.map((entry: unknown) => (isObject(entry) ? map(entry) : entry)) : value;
}

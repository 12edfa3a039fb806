import type { Design } from "../../../../engine/data/design/design.ts";
import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { validateDesign } from "../../../../engine/data/design/validate.ts";
import { type Violation, type ViolationType, hasErrors } from "../../../../engine/data/design/violation.ts";
import { ServiceError } from "../../../../lib/errors.ts";

/** What only the built-in engine cannot do; a service has its own word on it. */
const ENGINE_ONLY: readonly ViolationType[] = [
  "unsupported_column",
  "local_only_column",
  "unsupported_distribution",
  "invalid_distribution_params",
  "unknown_locale",
];

/** Reads a design and checks what every engine asks for. Throws `invalid_input` with all violations. */
export function checkConfig(config: unknown): Design {
  const { design, violations } = parseDesign(config);
  const found = design === undefined ? violations : validateDesign(design);
  const relevant = found.filter(({ type }) => !ENGINE_ONLY.includes(type));
  if (design !== undefined && !hasErrors(relevant)) return design;
  throw invalidDesign(relevant);
}

function invalidDesign(violations: readonly Violation[]): ServiceError {
  const errors = violations.filter(({ level }) => level === "error");
  const shown = errors.slice(0, 5).map(({ column, message }) => (column === null ? message : `${column}: ${message}`));
  const rest = errors.length - shown.length;
  return new ServiceError(
    "invalid_input",
    `the design has ${errors.length} error${errors.length === 1 ? "" : "s"}: ${shown.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`,
    {
      problems: errors.map(({ column, message }) => ({
        field: column === null ? "config" : `config.${column}`,
        message,
      })),
      data: { violations },
    },
  );
}

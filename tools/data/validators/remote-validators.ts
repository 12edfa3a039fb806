import type { Design } from "../../../engine/data/design/design.ts";
import { type Violation, violationError } from "../../../engine/data/design/violation.ts";
import type { GenerationEvent } from "../../../engine/data/generation-events.ts";
import type {
  RemoteValidationColumn,
  RemoteValidator,
  ValidatorOpener,
} from "../../../engine/data/steps/validation.ts";
import type { Row } from "../../../engine/data/table-rows.ts";
import { type ValidationResult, unjudged } from "../../../engine/data/validators/code-result.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { type Resolve, checkOutboundTarget, readOutboundUrl } from "../../../lib/outbound-url.ts";
import type { Random } from "../../../lib/random.ts";
import { type AskOptions, askValidator } from "./ask-validator.ts";
import { createSlots } from "./slots.ts";

export interface RemoteValidatorServices extends ValidatorOpener {
  /** One error for each endpoint that must not be reached, as far as its URL alone tells. */
  check(design: Design): Violation[];
}

export interface RemoteValidatorOptions {
  /** Lets validators be at loopback and private addresses. */
  readonly allowPrivate: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolve?: Resolve;
}

/** So many batches without an answer one after another, each with all its retries, and the validator is given up. */
const MAX_FAILED_IN_A_ROW = 20;
/** Failed batches that are told one by one. */
const MAX_WARNINGS = 20;

/** Asks the remote validators of designs, each no more at once than its column says. */
export function createRemoteValidators(options: RemoteValidatorOptions): RemoteValidatorServices {
  const { allowPrivate, resolve } = options;
  return {
    check: (design) =>
      design.columns.flatMap((column) => {
        if (column.column_type !== "validation" || column.validator_type !== "remote") return [];
        try {
          readOutboundUrl(column.validator_params.endpoint_url, { allowPrivate });
          return [];
        } catch (error) {
          return [violationError("invalid_value", column.name, `endpoint_url: ${errorMessage(error)}`)];
        }
      }),
    open: async (column, onEvent) => {
      const { endpoint_url: url } = column.validator_params;
      try {
        await checkOutboundTarget(url, { allowPrivate, ...(resolve === undefined ? {} : { resolve }) });
      } catch (error) {
        throw refused(column.name, error);
      }
      return createRemoteValidator(column, { ...options, params: column.validator_params }, onEvent);
    },
  };
}

function createRemoteValidator(
  { name, batch_size: batchSize, validator_params: params }: RemoteValidationColumn,
  options: AskOptions,
  onEvent: (event: GenerationEvent) => void,
): RemoteValidator {
  const slots = createSlots(params.max_parallel_requests);
  let failedInARow = 0;
  let failed = 0;

  function fail(problem: string, count: number): readonly ValidationResult[] {
    failed += 1;
    failedInARow += 1;
    const said = `column "${name}": the validator did not judge ${count} records: ${problem}`;
    const more = failed === MAX_WARNINGS ? "; further ones are not told" : "";
    if (failed <= MAX_WARNINGS) onEvent({ type: "log", level: "warning", message: `${said}${more}` });
    if (failedInARow >= MAX_FAILED_IN_A_ROW) {
      const message = `column "${name}": the validator failed ${failedInARow} times in a row: ${problem}`;
      throw new ServiceError("unavailable", message);
    }
    return Array.from({ length: count }, () => unjudged(problem));
  }

  async function validateBatch(records: readonly Row[], signal: AbortSignal): Promise<readonly ValidationResult[]> {
    signal.throwIfAborted();
    try {
      const answer = await askValidator(records, options, signal);
      if (answer.kind === "failed") return fail(answer.problem, records.length);
      failedInARow = 0;
      return answer.results;
    } catch (error) {
      if (error instanceof ServiceError && error.code === "invalid_input") throw refused(name, error);
      throw error;
    }
  }

  return {
    validate: async (records, signal) => {
      const ending = new AbortController();
      const both = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
      const starts = Array.from({ length: Math.ceil(records.length / batchSize) }, (_, at) => at * batchSize);
      try {
        const results = await Promise.all(
          starts.map((start) => slots.run(() => validateBatch(records.slice(start, start + batchSize), both))),
        );
        return results.flat();
      } finally {
        // After a failure nobody reads what the other batches bring.
        ending.abort(new Error("the validation has ended"));
      }
    },
  };
}

function refused(column: string, error: unknown): ServiceError {
  return new ServiceError("invalid_input", `column "${column}": endpoint_url: ${errorMessage(error)}`, {
    cause: error,
  });
}

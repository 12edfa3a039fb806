/** The last step of a brief: what a design must not have is taken out, so that it can always be generated. */
import { checkDraft } from "../design/draft.ts";
import type { DesignDraft, DraftColumn } from "../design/draft.ts";
import type { Violation } from "../design/violation.ts";
import { guessColumn } from "./heuristics.ts";
import { nameOf, paramsOf, textOf } from "./json.ts";

/** A round removes at least one cause, so that a few rounds reach any design of a brief. */
const MAX_ROUNDS = 12;

export interface Repaired {
  readonly draft: DesignDraft;
  readonly notes: readonly string[];
}

/** Takes out constraints that no row could keep and remakes columns that the engine would refuse. */
export function repair(draft: DesignDraft, before?: DesignDraft): Repaired {
  // What was wrong before a change is for its author to mend.
  const known = new Set(before === undefined ? [] : checkDraft(before).violations.map(keyOf));
  const notes: string[] = [];
  let current = draft;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const wrong = checkDraft(current).violations.filter(
      (one) => (one.level === "error" || one.type === "constraint_impossible") && !known.has(keyOf(one)),
    );
    if (wrong.length === 0) break;
    // A column with two faults is remade once.
    const first = wrong.filter((one, at) => wrong.findIndex((other) => other.column === one.column) === at);
    current = first.reduce((made, violation) => mend(made, violation, notes), current);
  }
  return { draft: current, notes };
}

function keyOf({ type, column }: Violation): string {
  return `${type} ${column ?? ""}`;
}

function mend(draft: DesignDraft, violation: Violation, notes: string[]): DesignDraft {
  const { columns, constraints } = draft.config;
  const name = violation.column;
  if (violation.type.startsWith("constraint_")) {
    const kept = (constraints ?? []).filter((constraint) => constraint["target_column"] !== name);
    notes.push(`${name ?? "A column"} has no limits: ${violation.message}`);
    const { constraints: _old, ...rest } = draft.config;
    return { ...draft, config: kept.length === 0 ? rest : { ...rest, constraints: kept } };
  }
  const broken = columns.find((column) => nameOf(column) === name);
  if (broken === undefined) return draft;
  notes.push(`${name} is made in another way than the brief says: ${violation.message}`);
  return {
    ...draft,
    config: {
      ...draft.config,
      columns: columns.flatMap((column) =>
        column === broken
          ? plain(column).filter(
              (one) => one["name"] === name || !columns.some((other) => nameOf(other) === nameOf(one)),
            )
          : [column],
      ),
    },
  };
}

/** The column by its name alone; a time that cannot be counted from another one becomes a date of its own. */
function plain(column: DraftColumn): DraftColumn[] {
  const name = nameOf(column);
  const isTime = column["sampler_type"] === "timedelta" || column["sampler_type"] === "datetime";
  const guess = guessColumn(name, isTime ? "date" : name.replaceAll("_", " "));
  const text = textOf(guess.column["prompt"]);
  const made =
    guess.column["column_type"] === "llm-text" && text === "" ? guessColumn(name, "type").column : guess.column;
  const shown = column["drop"] === true ? { ...made, drop: true } : made;
  const format = column["convert_to"];
  const isShown = isTime && typeof format === "string" && paramsOf(made)["unit"] !== undefined;
  return [...guess.helpers, isShown ? { ...shown, convert_to: format } : shown];
}

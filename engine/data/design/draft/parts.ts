import type { DesignDraft, DraftColumn } from "../draft.ts";
import { finishEdit } from "./edit.ts";
import type { EditResult } from "./columns.ts";
import { draftConstraintText, textOf } from "./show.ts";

/** Adds a model, or puts it in the place of the one with the same alias. */
export function putModelConfig(draft: DesignDraft, model: DraftColumn): EditResult {
  const models = draft.config.model_configs ?? [];
  const isThere = models.some((one) => one["alias"] === model["alias"]);
  const next = isThere ? models.map((one) => (one["alias"] === model["alias"] ? model : one)) : [...models, model];
  const changes = isThere ? [`the model "${textOf(model, "alias")}" was replaced`] : [];
  return finishEdit(draft, { draft: withParts(draft, { model_configs: next }), column: null, changes });
}

/** Whether a column may name this alias without anything being added. */
export function hasModel(draft: DesignDraft, alias: string): boolean {
  return (draft.config.model_configs ?? []).some((one) => one["alias"] === alias);
}

/** A second limit of the same kind on the same side of a column takes the place of the first. */
export function putConstraint(draft: DesignDraft, constraint: DraftColumn): EditResult {
  const constraints = draft.config.constraints ?? [];
  const same = constraints.find((one) => isSameLimit(one, constraint));
  const next = [...constraints.filter((one) => one !== same), constraint];
  const changes = same === undefined ? [] : [`took the place of ${draftConstraintText(same)}`];
  return finishEdit(draft, { draft: withParts(draft, { constraints: next }), column: null, changes }, [
    "constraint_impossible",
    "constraint_not_comparable",
  ]);
}

/** Takes out the constraints that say the same; none is no error, `changes` tells. */
export function dropConstraint(draft: DesignDraft, constraint: DraftColumn): EditResult {
  const constraints = draft.config.constraints ?? [];
  const isMeant = (one: DraftColumn): boolean =>
    isSameLimit(one, constraint) && textOf(one, "rhs") === textOf(constraint, "rhs");
  const gone = constraints.filter(isMeant);
  const changes =
    gone.length === 0
      ? [`there is no constraint ${draftConstraintText(constraint)}`]
      : gone.map((one) => `removed the constraint ${draftConstraintText(one)}`);
  const next = constraints.filter((one) => !isMeant(one));
  return finishEdit(draft, { draft: withParts(draft, { constraints: next }), column: null, changes });
}

export function putSeedConfig(draft: DesignDraft, seedConfig: DraftColumn): EditResult {
  const isThere = (draft.config.seed_config ?? null) !== null;
  const changes = isThere ? ["the seed dataset was replaced"] : [];
  return finishEdit(draft, { draft: withParts(draft, { seed_config: seedConfig }), column: null, changes });
}

/** Two numbers on the same side limit the same thing; two columns do so only when they are the same column. */
function isSameLimit(left: DraftColumn, right: DraftColumn): boolean {
  const side = (one: DraftColumn): string => {
    const isScalar = one["constraint_type"] === "scalar_inequality" || typeof one["rhs"] === "number";
    return [textOf(one, "target_column"), textOf(one, "operator").charAt(0), isScalar ? "" : textOf(one, "rhs")].join(
      "\n",
    );
  };
  return side(left) === side(right);
}

function withParts(draft: DesignDraft, parts: Partial<DesignDraft["config"]>): DesignDraft {
  return { ...draft, config: { ...draft.config, ...parts } };
}

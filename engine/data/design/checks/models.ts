import type { Column, Design } from "../design.ts";
import { isLlmColumn } from "../design.ts";
import { suggestName } from "../nearest.ts";
import { violationError, violationWarning } from "../violation.ts";
import type { Violation } from "../violation.ts";
import type { CheckContext } from "./context.ts";

/** Aliases that a Data Designer service always knows, one for each built-in provider and use. */
const BUILT_IN_ALIAS = /^(?:nvidia|openai|openrouter)-(?:text|reasoning|vision|embedding)$/;

/** Model and tool aliases that nobody defines, that are defined twice, or that are of the wrong kind. */
export function checkModels({ design }: CheckContext): Violation[] {
  return [
    ...duplicates(design),
    ...design.columns.flatMap((column) => [...checkModel(column, design), ...checkTools(column, design)]),
    ...(design.profilers ?? []).flatMap((profiler) =>
      checkAlias(profiler.model_alias, null, "profilers", design, "the summary is made of the counts"),
    ),
  ];
}

function duplicates(design: Design): Violation[] {
  const lists = [
    ["model_configs", (design.model_configs ?? []).map((model) => model.alias)],
    ["tool_configs", (design.tool_configs ?? []).map((tool) => tool.tool_alias)],
  ] as const;
  return lists.flatMap(([part, aliases]) =>
    [...new Set(aliases.filter((alias, index) => aliases.indexOf(alias) !== index))].map((alias) =>
      violationError(
        "invalid_model_config",
        null,
        `${part}: the alias "${alias}" is defined twice; each needs its own`,
      ),
    ),
  );
}

function checkModel(column: Column, design: Design): Violation[] {
  if (!isLlmColumn(column) && column.column_type !== "embedding" && column.column_type !== "image") return [];
  const stand = column.column_type === "embedding" ? "the built-in encoder embeds" : "the offline text model writes";
  const found = checkAlias(column.model_alias, column.name, "model_alias", design, stand);
  if (found.length > 0) return found;
  const model = (design.model_configs ?? []).find(({ alias }) => alias === column.model_alias);
  if (model === undefined) return [];
  const wanted = column.column_type === "embedding" ? ["embedding"] : ["chat-completion"];
  if (column.column_type === "image") wanted.push("image");
  const given = model.inference_parameters.generation_type;
  if (wanted.includes(given)) return [];
  const message = `the model "${model.alias}" is set up for ${given}; a ${column.column_type} column needs one with generation_type ${wanted.join(" or ")}`;
  return [violationError("invalid_model_config", column.name, message)];
}

/** `stand` says what happens without a model. */
function checkAlias(alias: string, column: string | null, where: string, design: Design, stand: string): Violation[] {
  const aliases = (design.model_configs ?? []).map((model) => model.alias);
  if (aliases.includes(alias) || BUILT_IN_ALIAS.test(alias)) return [];
  if (aliases.length === 0) {
    const message = `${where} "${alias}": the design has no model_configs, so ${stand} where no model is set up; add {"alias": "${alias}", "model": …} to use a model`;
    return [violationWarning("invalid_model_config", column, message)];
  }
  const hint = suggestName(alias, aliases, "The aliases are");
  const message = `${where} "${alias}" is not in model_configs.${hint}`;
  return [violationError("invalid_model_config", column, message)];
}

function checkTools(column: Column, design: Design): Violation[] {
  if (!isLlmColumn(column) || column.tool_alias === null) return [];
  const aliases = (design.tool_configs ?? []).map((tool) => tool.tool_alias);
  if (aliases.includes(column.tool_alias)) return [];
  const hint = suggestName(column.tool_alias, aliases, "The aliases are");
  const message = `tool_alias "${column.tool_alias}" is not in tool_configs.${hint}`;
  return [violationError("invalid_model_config", column.name, message)];
}

import type { z } from "zod";

import { addColumn } from "../../../engine/data/design/draft/columns.ts";
import type { EditResult } from "../../../engine/data/design/draft/columns.ts";
import type { DesignDraft } from "../../../engine/data/design/draft.ts";
import { putModelConfig } from "../../../engine/data/design/draft/parts.ts";
import type { Tool } from "../../define-tool.ts";
import type { DataToolContext } from "../context.ts";
import type { DesignerSettings } from "../designer/designer.ts";
import { defineDesignTool, DERIVED_FIELDS, toDraftColumn } from "./design-tool.ts";
import type { ColumnToolOptions } from "./design-tool.ts";
import { nameField, optional, textField } from "./fields.ts";

/** Alias and model of columns that name none. */
const DEFAULT_ALIAS = "text";
const DEFAULT_MODEL = "nemotron-3-nano";

/** Arguments of every column that a language model writes. */
export const LLM_FIELDS = {
  ...DERIVED_FIELDS,
  prompt: textField("What to write, with columns as {{ name }}; name at least one, or all rows get the same prompt"),
  model_alias: optional(nameField("Alias of a model of the design; left out is the default model")),
  system_prompt: optional(textField("Role and style for the model")),
};

/** A tool that adds a column for a language model, and the model's config where nobody has defined the alias. */
export function defineLlmTool<Input extends z.ZodObject>(options: ColumnToolOptions<Input>): Tool<DataToolContext> {
  return defineDesignTool({
    ...options,
    needsSettings: true,
    reduce: (draft, input, environment) => {
      const fields = options.column(input, environment, draft);
      const alias = fields["model_alias"] ?? aliasOf(draft);
      const edit = addColumn(draft, toDraftColumn({ ...fields, model_alias: alias }));
      return typeof alias === "string" ? withModel(edit, alias, environment.settings) : edit;
    },
  });
}

/** The first chat model of the design. */
function aliasOf(draft: DesignDraft): string {
  const models = draft.config.model_configs ?? [];
  const alias = models.find((model) => !isEmbedding(model))?.["alias"];
  return typeof alias === "string" ? alias : DEFAULT_ALIAS;
}

function isEmbedding({ inference_parameters: inference }: Readonly<Record<string, unknown>>): boolean {
  return typeof inference === "object" && inference !== null && "encoding_format" in inference;
}

/** The check says whether the alias is known, so that the aliases every service has are left alone. */
function withModel(edit: EditResult, alias: string, settings: DesignerSettings | null): EditResult {
  const isDefined = (edit.draft.config.model_configs ?? []).some((model) => model["alias"] === alias);
  const isUnknown = edit.violations.some(
    ({ type, column }) => type === "invalid_model_config" && column === edit.column?.["name"],
  );
  if (isDefined || !isUnknown) return edit;
  const offered = settings?.modelConfigs ?? [];
  const { model, provider } = offered.find((one) => one.alias === alias) ??
    offered[0] ?? { model: DEFAULT_MODEL, provider: null };
  const added = putModelConfig(edit.draft, { alias, model, ...(provider !== null && { provider }) });
  const change = `added the model "${alias}" (${model}), which nobody had defined; change it with add_model_config`;
  return { ...added, column: edit.column, changes: [...edit.changes, ...added.changes, change] };
}

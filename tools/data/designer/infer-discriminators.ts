import { type ConfigObject, isConfigObject } from "../../../engine/data/design/read-config.ts";

/** Fields that only one column type has, the telling one first: judge, code and structured columns have a prompt, too. */
const TELLING_FIELDS = [
  ["sampler_type", "sampler"],
  ["expr", "expression"],
  ["scores", "llm-judge"],
  ["code_lang", "llm-code"],
  ["output_format", "llm-structured"],
  ["prompt", "llm-text"],
  ["validator_type", "validation"],
  ["target_columns", "validation"],
] as const;

/**
 * A config whose columns say what they are. The published schema of the service lists no `column_type`: there a column is
 * a plain union, told apart by its fields. What is there already stays, also when it is wrong; what is no config comes
 * back as it is. The other discriminators are filled in where a design is read.
 * Source: NeMo Data Designer API 1.4.0, `DataDesignerConfig.columns`.
 */
export function inferDiscriminators(config: ConfigObject): ConfigObject {
  const { columns } = config;
  if (!Array.isArray(columns)) return config;
  return {
    ...config,
    columns: columns.map((column: unknown) => (isConfigObject(column) ? inferType(column) : column)),
  };
}

function inferType(column: ConfigObject): ConfigObject {
  if ((column["column_type"] ?? null) !== null) return column;
  const found = TELLING_FIELDS.find(([field]) => Object.hasOwn(column, field))?.[1];
  // A seed column has a name and nothing else; with other fields it is a column nobody knows, and its reader says so.
  const type = found ?? (Object.keys(column).every((key) => SEED_COLUMN_FIELDS.includes(key)) ? "seed-dataset" : null);
  return type === null ? column : { ...column, column_type: type };
}

const SEED_COLUMN_FIELDS: readonly string[] = ["name", "drop", "column_type"];

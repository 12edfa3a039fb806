import type { DesignDraft, DraftColumn } from "../draft.ts";

type Json = DraftColumn[string];
type TextMap = (text: string) => string;

/** What to do with each place of a design that refers to columns. */
export interface ReferenceMapping {
  /** A template with braces. */
  readonly template: TextMap;
  /** A condition without braces. */
  readonly condition: TextMap;
  readonly name: TextMap;
}

/** The config with every reference to a column passed through the mapping; names of columns themselves stay. */
export function mapReferences(config: DesignDraft["config"], mapping: ReferenceMapping): DesignDraft["config"] {
  const { constraints, processors } = config;
  return {
    ...config,
    columns: config.columns.map((column) => mapColumn(column, mapping)),
    ...(constraints && { constraints: constraints.map((item) => mapConstraint(item, mapping)) }),
    ...(processors && { processors: processors.map((item) => mapProcessor(item, mapping)) }),
  };
}

function mapColumn(column: DraftColumn, { template, condition, name }: ReferenceMapping): DraftColumn {
  return mapFields(column, {
    prompt: onText(template),
    system_prompt: onText(template),
    expr: onText(template),
    target_column: onText(name),
    target_columns: onItems(onText(name)),
    multi_modal_context: onItems(onFields({ column_name: onText(name) })),
    skip: onFields({ when: onText(template) }),
    params: mapParams(name),
    conditional_params: (value) => {
      if (!isObject(value)) return value;
      const entries = Object.entries(value).map(
        ([when, params]) => [condition(when), mapParams(name)(params)] as const,
      );
      return Object.fromEntries(entries);
    },
  });
}

function mapParams(name: TextMap): (value: Json) => Json {
  return onFields({ category: onText(name), reference_column_name: onText(name) });
}

function mapConstraint(constraint: DraftColumn, { name }: ReferenceMapping): DraftColumn {
  return mapFields(constraint, { target_column: onText(name), rhs: onText(name) });
}

function mapProcessor(processor: DraftColumn, { template, name }: ReferenceMapping): DraftColumn {
  const isTransform = processor["processor_type"] === "schema_transform";
  return mapFields(
    processor,
    isTransform ? { template: (value) => mapDeep(value, template) } : { column_names: onItems(onText(name)) },
  );
}

function mapFields(object: DraftColumn, fields: Readonly<Record<string, (value: Json) => Json>>): DraftColumn {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [
      key,
      Object.hasOwn(fields, key) ? (fields[key]?.(value) ?? value) : value,
    ]),
  );
}

/** A value that has not the expected shape is left for validation to report. */
function onText(map: TextMap): (value: Json) => Json {
  return (value) => (typeof value === "string" ? map(value) : value);
}

function onItems(map: (value: Json) => Json): (value: Json) => Json {
  return (value) => (Array.isArray(value) ? value.map(map) : value);
}

function onFields(fields: Readonly<Record<string, (value: Json) => Json>>): (value: Json) => Json {
  return (value) => (isObject(value) ? mapFields(value, fields) : value);
}

function mapDeep(value: Json, map: TextMap): Json {
  if (typeof value === "string") return map(value);
  if (Array.isArray(value)) return value.map((item) => mapDeep(item, map));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapDeep(item, map)]));
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The columns of a draft while a brief is read: finding, adding and changing them. */
import { planColumns } from "../design/plan.ts";
import { parseDesign } from "../design/parse-design.ts";
import { columnReferences } from "../design/references.ts";
import type { DesignDraft, DraftColumn } from "../design/draft.ts";
import { Column } from "../design/design.ts";
import type { JsonObject } from "./json.ts";
import { isObject, nameOf, paramsOf, textOf } from "./json.ts";
import { assembleFields } from "./lexicon/assemble.ts";
import { matchField } from "./lexicon/lexicon.ts";
import type { DomainEntry, FieldEntry } from "./lexicon/types.ts";
import { normaliseWords } from "./lexicon/words.ts";
import { columnName, freeName, phraseKey } from "./words.ts";

export interface SheetOptions {
  readonly today: string;
  readonly domain?: DomainEntry | undefined;
  /** What one row is, such as `city`; empty when the brief does not say. */
  readonly noun?: string;
}

export class Sheet {
  columns: DraftColumn[];
  constraints: JsonObject[];
  readonly today: string;
  readonly domain: DomainEntry | undefined;
  readonly noun: string;
  /** What was decided on the way, a sentence each, for people. */
  notes: string[] = [];
  /** Field of the lexicon by column name. */
  readonly fields = new Map<string, FieldEntry>();

  constructor(draft: DesignDraft, { today, domain, noun = "" }: SheetOptions) {
    this.columns = [...draft.config.columns];
    this.constraints = [...(draft.config.constraints ?? [])];
    this.today = today;
    this.domain = domain;
    this.noun = noun;
    for (const column of this.visible()) {
      const match = matchField(nameOf(column), domain === undefined ? {} : { domain });
      if (match?.isExact === true) this.fields.set(nameOf(column), match.field);
    }
  }

  column(name: string): DraftColumn | undefined {
    return this.columns.find((column) => nameOf(column) === name);
  }

  /** Columns of the finished dataset. */
  visible(): DraftColumn[] {
    return this.columns.filter((column) => column["drop"] !== true);
  }

  has(name: string): boolean {
    return this.columns.some((column) => nameOf(column) === name);
  }

  put(column: DraftColumn): void {
    const at = this.columns.findIndex((other) => nameOf(other) === nameOf(column));
    if (at < 0) this.columns.push(column);
    else this.columns[at] = column;
  }

  insertBefore(name: string, columns: readonly DraftColumn[]): void {
    const at = this.columns.findIndex((column) => nameOf(column) === name);
    this.columns.splice(at < 0 ? this.columns.length : at, 0, ...columns.filter((column) => !this.has(nameOf(column))));
  }

  /** Takes the place of a column of the same name; its own constraints go with it. */
  replace(column: DraftColumn): void {
    const old = this.column(nameOf(column));
    this.put(old?.["drop"] === true ? { ...column, drop: true } : column);
    if (column["column_type"] !== "sampler") this.dropConstraints(nameOf(column));
  }

  dropConstraints(name: string, keep: (constraint: JsonObject) => boolean = () => false): void {
    this.constraints = this.constraints.filter(
      (constraint) => (constraint["target_column"] !== name && constraint["rhs"] !== name) || keep(constraint),
    );
  }

  /** Columns of the fields with what they need, under these names. Names that are taken already stay as they are. */
  addFields(wanted: readonly { readonly field: FieldEntry; readonly name: string }[]): void {
    const names: Record<string, string> = {};
    for (const [name, field] of this.fields) names[field.id] ??= name;
    for (const { field, name } of wanted) names[field.id] = name;
    const ids = wanted.map(({ field }) => field.id);
    const domain = this.domain === undefined ? {} : { domain: this.domain };
    const assembled = assembleFields(ids, { ...domain, names });
    for (const { field, name } of wanted) this.fields.set(name, field);
    const isNew = new Set(assembled.columns.map(nameOf).filter((name) => !this.has(name)));
    for (const column of assembled.columns) {
      const existing = this.column(nameOf(column));
      if (existing === undefined) this.columns.push(column);
      else if (existing["drop"] === true && column["drop"] !== true) this.show(nameOf(column));
    }
    // A column that was there before may have limits of its own by now.
    this.constraints.push(...assembled.constraints.filter((one) => isNew.has(textOf(one["target_column"]))));
  }

  /** A hidden column becomes one of the dataset, at its end. */
  show(name: string): void {
    const column = this.column(name);
    if (column?.["drop"] !== true) return;
    const { drop: _drop, ...shown } = column;
    this.columns = [...this.columns.filter((other) => other !== column), shown];
  }

  freeName(phrase: string, isVerbatim: boolean): string {
    return freeName(columnName(phrase, isVerbatim) || "column", (name) => this.has(name));
  }

  /** The column that a phrase means, the dataset's own before hidden ones. */
  find(phrase: string, isWanted: (column: DraftColumn) => boolean = () => true): DraftColumn | undefined {
    const key = phraseKey(phrase);
    if (key === "") return undefined;
    const candidates = [...this.visible(), ...this.columns.filter((column) => column["drop"] === true)].filter(
      isWanted,
    );
    const exact = candidates.find((column) => nameOf(column) === phrase.trim() || phraseKey(nameOf(column)) === key);
    if (exact !== undefined) return exact;
    const field = matchField(phrase, this.domain === undefined ? {} : { domain: this.domain });
    const same =
      field?.isExact === true
        ? candidates.find((column) => this.fields.get(nameOf(column))?.id === field.field.id)
        : undefined;
    return same ?? byWords(candidates, normaliseWords(phrase));
  }

  /** Samplers and constraints that look at a column look at another one instead; templates stay. */
  moveReferences(from: string, to: string): void {
    this.columns = this.columns.map((column) => {
      const params = paramsOf(column);
      const keys = ["reference_column_name", "category"].filter((key) => params[key] === from);
      const moved =
        keys.length === 0
          ? column
          : { ...column, params: { ...params, ...Object.fromEntries(keys.map((key) => [key, to])) } };
      const conditions = moved["conditional_params"];
      if (!isObject(conditions)) return moved;
      const word = new RegExp(`(?<![\\p{L}\\p{N}_.'"])${from}(?![\\p{L}\\p{N}_])`, "gu");
      return {
        ...moved,
        conditional_params: Object.fromEntries(
          Object.entries(conditions).map(([key, value]) => [key.replaceAll(word, to), value]),
        ),
      };
    });
    this.constraints = this.constraints.map((constraint) => ({
      ...constraint,
      ...(constraint["target_column"] === from ? { target_column: to } : {}),
      ...(constraint["rhs"] === from ? { rhs: to } : {}),
    }));
  }

  /** Gives a column another name everywhere: in templates, conditions, parameters and constraints. */
  rename(from: string, to: string): void {
    const word = new RegExp(
      `(?<![\\p{L}\\p{N}_.'"])${from.replaceAll(/[^\p{L}\p{N}_]/gu, String.raw`\$&`)}(?![\\p{L}\\p{N}_])`,
      "gu",
    );
    const inTemplate = (text: string): string =>
      text.replaceAll(/\{\{.*?\}\}|\{%.*?%\}/gs, (part) => part.replaceAll(word, to));
    this.moveReferences(from, to);
    this.columns = this.columns.map((column): DraftColumn => {
      const made: DraftColumn = { ...column, name: nameOf(column) === from ? to : nameOf(column) };
      for (const key of ["expr", "prompt", "system_prompt"]) {
        if (typeof column[key] === "string") made[key] = inTemplate(column[key]);
      }
      const { skip, target_columns: targets } = column;
      if (isObject(skip) && typeof skip["when"] === "string")
        made["skip"] = { ...skip, when: inTemplate(skip["when"]) };
      if (Array.isArray(targets)) made["target_columns"] = targets.map((name) => (name === from ? to : name));
      return made;
    });
    const field = this.fields.get(from);
    this.fields.delete(from);
    if (field !== undefined) this.fields.set(to, field);
  }

  /** Names of the columns that read this one, by the design as far as it can be read. */
  readersOf(name: string): string[] {
    const readers = this.columns.filter((column) => referencesOf(column).includes(name));
    return readers.map(nameOf).filter((reader) => reader !== name);
  }

  /** Takes out hidden columns that no other column reads. */
  prune(): void {
    for (;;) {
      const read = new Set(this.constraints.map((constraint) => textOf(constraint["rhs"])));
      for (const column of this.columns)
        for (const name of referencesOf(column)) if (name !== nameOf(column)) read.add(name);
      const unused = this.columns.filter((column) => column["drop"] === true && !read.has(nameOf(column)));
      if (unused.length === 0) return;
      this.columns = this.columns.filter((column) => !unused.includes(column));
      for (const column of unused) this.dropConstraints(nameOf(column));
    }
  }

  /** Whether the columns can be put in an order. */
  hasCycle(): boolean {
    const { design } = parseDesign({ columns: this.columns, constraints: this.constraints });
    return design !== undefined && planColumns(design).violations.length > 0;
  }

  config(): DesignDraft["config"] {
    return this.constraints.length === 0
      ? { columns: this.columns }
      : { columns: this.columns, constraints: this.constraints };
  }
}

function referencesOf(column: DraftColumn): string[] {
  const parsed = Column.safeParse(column);
  return parsed.success ? columnReferences(parsed.data).references.map((reference) => reference.name) : [];
}

/** All words of the phrase in one name ("date" in order_date), or a whole name in the phrase; of several the shortest. */
function byWords(columns: readonly DraftColumn[], words: readonly string[]): DraftColumn | undefined {
  const keyed = columns.map((column) => ({ column, own: normaliseWords(nameOf(column)) }));
  const inside = keyed.filter(({ own }) => words.every((word) => own.includes(word)));
  const around = keyed.filter(({ own }) => own.length > 0 && own.every((word) => words.includes(word)));
  const best = (found: typeof keyed): DraftColumn | undefined =>
    found.toSorted((left, right) => left.own.length - right.own.length)[0]?.column;
  return best(inside) ?? around.toSorted((left, right) => right.own.length - left.own.length)[0]?.column;
}

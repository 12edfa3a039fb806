import { ServiceError } from "../../../lib/errors.ts";
import type { ColumnOf, Design } from "../design/design.ts";
import type { GenerationEvent } from "../generation-events.ts";
import type { JsonValue } from "../table.ts";
import type { ColumnModelUsage } from "./model-cells.ts";
import type { CellFailure, ColumnStep } from "./step.ts";

/** The vectors of a cell's texts, in order and of one length, or why there are none. */
export type EmbeddedCell =
  { readonly vectors: readonly (readonly number[])[] } | { readonly kind: string; readonly message: string };

export interface EmbeddingRequest {
  readonly column: string;
  /** The texts of each cell; none is empty. */
  readonly cells: readonly (readonly string[])[];
  /** Number of the first cell's row in the whole dataset. */
  readonly firstRow: number;
  readonly signal?: AbortSignal;
}

/** The embedding models of one generator. */
export interface EmbeddingModels {
  /** Says in the dataset's metadata who made the vectors. */
  readonly label: string;
  /** Rejects with `model_failed` when an endpoint is down or refuses most texts, and with the signal's reason. */
  embed(request: EmbeddingRequest): Promise<readonly EmbeddedCell[]>;
  usage(): readonly ColumnModelUsage[];
}

export interface EmbeddingOpener {
  /** Finds the model of every embedding column. Throws `invalid_input` for a provider that nobody configured. */
  open(options: {
    readonly design: Design;
    readonly onEvent: (event: GenerationEvent) => void;
  }): Promise<EmbeddingModels>;
}

/**
 * A column of `{embeddings, num_embeddings, dimension}`. A text that is a JSON list of texts stands for each of them;
 * a cell without text stays empty. Throws `not_supported` where nothing can embed.
 */
export function compileEmbeddingRun(
  { name, target_column: target }: ColumnOf<"embedding">,
  models: EmbeddingModels | undefined,
): ColumnStep["run"] {
  if (models === undefined) {
    throw new ServiceError("not_supported", `column "${name}": nothing here can make embeddings; remove the column`);
  }
  return async (batch, { signal }) => {
    const texts = batch.records().map((record) => textsOf(record[target] ?? null));
    const asked = [...texts.keys()].filter((row) => texts[row]?.length !== 0);
    const answers = await models.embed({
      column: name,
      cells: asked.map((row) => texts[row] ?? []),
      firstRow: batch.rows[0] ?? 0,
      ...(signal === undefined ? {} : { signal }),
    });
    const values = texts.map((): JsonValue => null);
    const failures: CellFailure[] = [];
    for (const [at, row] of asked.entries()) {
      const answer = answers[at];
      if (answer === undefined) throw new Error(`no answer for cell ${at} of column "${name}"`);
      if ("kind" in answer) failures.push({ row, ...answer });
      else values[row] = cellOf(answer.vectors);
    }
    return { columns: new Map([[name, { type: "json", values }]]), failures };
  };
}

function cellOf(vectors: readonly (readonly number[])[]): JsonValue {
  return { embeddings: vectors, num_embeddings: vectors.length, dimension: vectors[0]?.length ?? 0 };
}

/** Blank texts are left out: endpoints refuse them. */
function textsOf(value: JsonValue): readonly string[] {
  if (value === null) return [];
  const content = typeof value === "string" && value.trimStart().startsWith("[") ? parseList(value) : value;
  if (Array.isArray(content)) return content.map(asText).filter((text) => text.trim() !== "");
  return [asText(content)].filter((text) => text.trim() !== "");
}

/** Text in brackets that is no list of texts is itself the text. */
function parseList(text: string): JsonValue {
  try {
    // What JSON.parse gives is a JSON value.
    const value = JSON.parse(text) as JsonValue;
    return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : text;
  } catch {
    return text;
  }
}

function asText(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

import { LlmTextColumn } from "../../engine/data/design/columns.ts";
import type { Design } from "../../engine/data/design/design.ts";
import type { GenerationEvent } from "../../engine/data/generation-events.ts";
import { judgeSummaryPrompt } from "../../engine/data/profile/judge-prompt.ts";
import type { JudgeProfile } from "../../engine/data/profile/judge-profile.ts";
import type { DatasetProfile } from "../../engine/data/profile/profile.ts";
import type { ColumnModelUsage } from "../../engine/data/steps/model-cells.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { GenerationServices } from "./generation-services.ts";

export interface JudgeSummaryOptions {
  readonly design: Design;
  readonly services: GenerationServices | undefined;
  readonly onEvent?: (event: GenerationEvent) => void;
  /** Told once, also when the model has failed. */
  readonly onUsage?: (usage: readonly ColumnModelUsage[]) => void;
  readonly signal?: AbortSignal;
}

/** Not the name of a column: what the summaries cost is booked under it. */
const COLUMN = "profiler: judge-score";

/**
 * Lets the profiler's model sum up the reasons of judge columns, one request for each score. Without a configured model, and where it
 * fails, the summaries stay those made of the counts. Rejects with the signal's reason only.
 */
export async function writeJudgeSummaries(
  profile: DatasetProfile,
  { design, services, onEvent = () => undefined, onUsage, signal }: JudgeSummaryOptions,
): Promise<DatasetProfile> {
  const [profiler] = design.profilers ?? [];
  const asked = (profile.column_profiles ?? []).flatMap((judge) =>
    Object.values(judge.summaries).map((score) => ({ judge, score })),
  );
  if (profiler === undefined || asked.length === 0 || services?.models === undefined) return profile;
  const { model_alias: alias } = profiler;
  const column = LlmTextColumn.parse({ column_type: "llm-text", name: COLUMN, prompt: "", model_alias: alias });
  try {
    const models = await services.models.open({
      design: { ...design, columns: [column] },
      tools: undefined,
      onEvent,
    });
    try {
      const prompts = asked.map(({ judge, score }) => ({ prompt: judgeSummaryPrompt(judge, score) }));
      const { values, failures } = await models.fillCells({
        records: prompts,
        rows: prompts.map((_, at) => at),
        columns: [
          {
            column,
            alias,
            dependsOn: [],
            render: ({ prompt }) => ({ prompt: typeof prompt === "string" ? prompt : "", media: [] }),
          },
        ],
        skipped: new Map(),
        ...(signal === undefined ? {} : { signal }),
      });
      for (const { message } of failures) onEvent(failed(message));
      const texts = values.get(COLUMN) ?? [];
      return replaceSummaries(profile, (place) => {
        const text = texts[asked.findIndex(({ score }) => score === place)];
        return typeof text === "string" && text.trim() !== "" ? { text: text.trim(), by: models.label } : undefined;
      });
    } finally {
      onUsage?.(models.usage());
    }
  } catch (error) {
    signal?.throwIfAborted();
    onEvent(failed(errorMessage(error)));
    return profile;
  }
}

type Score = JudgeProfile["summaries"][string];

function replaceSummaries(
  profile: DatasetProfile,
  find: (score: Score) => { readonly text: string; readonly by: string } | undefined,
): DatasetProfile {
  const profiles = (profile.column_profiles ?? []).map((judge) => ({
    ...judge,
    summaries: Object.fromEntries(
      Object.entries(judge.summaries).map(([name, score]) => {
        const found = find(score);
        return [name, found === undefined ? score : { ...score, summary: found.text, written_by: found.by }];
      }),
    ),
  }));
  return { ...profile, column_profiles: profiles };
}

function failed(message: string): GenerationEvent {
  return {
    type: "log",
    level: "warning",
    message: `the judge-score profiler's model gave no summary, the counts stand for it: ${message}`,
  };
}

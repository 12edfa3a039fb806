/** What a follow-up says about the dataset as a whole. */
import type { DesignDraft } from "../design/draft.ts";
import type { BriefOptions } from "./design-from-brief.ts";
import type { DatasetFormat } from "./settings.ts";
import { takeSettings } from "./settings.ts";
import type { Sheet } from "./sheet.ts";
import { Remainder, trimPhrase } from "./words.ts";

/** A draft that clauses of a message change one after another. */
export interface Work {
  sheet: Sheet;
  draft: DesignDraft;
  readonly changes: string[];
  readonly formats: DatasetFormat[];
  readonly options: BriefOptions;
}

/** What a clause did: something, nothing, or it names a column that is not there. */
export type Outcome = "done" | "unknown" | { readonly missing: string };

/** Rows, seed, formats and the name; undefined when the clause is about something else. */
export function applySettings(work: Work, clause: string): Outcome | undefined {
  const plain =
    /^(?:(?:make|let) (?:it|that|them)(?: be)?|only|just|use|do|change (?:it|that|the (?:count|number|rows?|size))? ?to|set (?:it|the (?:count|number|rows?|size)|rows) to|increase (?:it |the rows |rows )?to|reduce (?:it |the rows |rows )?to|i want|i need|generate|create|give me|with)?\s*(?<count>[\d][\d,._]*\s?(?:k|m|thousand|million)?|(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|dozen|\s|-)+)\s*(?:rows?|records?|entries|samples|lines)?\s*(?:instead|please|only|rather|now|in total|total)*$/i.exec(
      clause,
    );
  const text = new Remainder(plain === null ? clause : `${plain.groups?.["count"]?.trim()} rows`);
  const settings = takeSettings(text);
  const rest = trimPhrase(
    text.text.replaceAll(
      /\b(?:instead|please|only|rather|now|make|it|them|use|set|change|to|be|the|rows?|records?|as|in|i|want|need|generate|create|give|me|a|file|export|save|output|format|just|do|total|of|for|job|dataset|number|count|seed|with|that|should|let|increase|reduce|more|less)\b/gi,
      " ",
    ),
  );
  const isAll = rest === "";
  const changes: string[] = [];
  let { draft } = work;
  if (settings.numRecords !== null && isAll) {
    draft = { ...draft, num_records: settings.numRecords };
    changes.push(`${settings.numRecords.toLocaleString("en-US")} rows`);
  }
  if (settings.seed !== null && isAll) {
    draft = { ...draft, seed: settings.seed };
    changes.push(`seed ${settings.seed}`);
  }
  if (settings.name !== null && isAll) {
    draft = { ...draft, name: settings.name };
    changes.push(`named ${settings.name}`);
  }
  if (settings.formats.length > 0 && isAll) {
    work.formats.splice(0, work.formats.length, ...settings.formats);
    changes.push(`as ${settings.formats.join(" and ")}`);
  }
  if (changes.length === 0) return undefined;
  work.draft = draft;
  work.changes.push(...changes, ...settings.notes);
  return "done";
}

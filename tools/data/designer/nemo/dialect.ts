import type { Design } from "../../../../engine/data/design/design.ts";
import type { JobListQuery, JobRequest, PreviewMessage } from "../designer.ts";
import type { Translation } from "./translate/translation.ts";
import type { WireJob, WireResult } from "./wire.ts";

/** One API of Data Designer services: its paths, its bodies, its words. Data and pure functions only. */
export interface Dialect {
  /** For people, for example `v1 (1.4)`. */
  readonly title: string;
  readonly paths: DialectPaths;
  /** Type of a preview's body. */
  readonly previewType: string;
  /** Whether bodies may come with and without discriminators, see `V1Options`. */
  readonly hasDiscriminatorChoice: boolean;
  /** Whether the service keeps `custom_fields` of a job, and with them the key of a request. */
  readonly keepsCustomFields: boolean;
  /** The list of jobs comes whole and unsorted. */
  readonly listsWhole: boolean;
  toConfig(design: Design, hasDiscriminators: boolean): Translation;
  fromConfig(config: unknown): unknown;
  createBody(request: JobRequest, config: unknown, customFields: Readonly<Record<string, unknown>>): unknown;
  previewBody(config: unknown, numRecords: number): unknown;
  listQuery(query: JobListQuery): Record<string, string>;
  /** How routes name a job. */
  idOf(job: WireJob): string | undefined;
  /** Under which name people know a result: `dataset`, `analysis` or another. */
  resultName(result: WireResult): string;
  /** What routes call the result of this name; undefined when it is none of the list. */
  resultKey(name: string, results: readonly WireResult[]): string | undefined;
  /** One parsed line of a preview. Throws an Error for one that it cannot read. */
  readPreview(line: unknown): readonly PreviewMessage[];
}

export interface DialectPaths {
  readonly preview: string;
  readonly jobs: string;
  job(id: string): string;
  cancel(id: string): string;
  /** Undefined where steps and tasks are not told. */
  readonly status: ((id: string) => string) | undefined;
  /** The first that is there counts. */
  logs(id: string): readonly string[];
  results(id: string): string;
  download(id: string, key: string): string;
  readonly settings: string | undefined;
}

import { z } from "zod";

import { Action, Component, Severity } from "../vocabulary.ts";
import data from "./xid-catalog.json" with { type: "json" };

/** How the severity and action of a row are to be read; see `XidEntry`. */
export const XidGrade = z.enum(["fixed", "decode", "follow", "detail"]);
export type XidGrade = z.infer<typeof XidGrade>;

const rowShape = {
  /** NVIDIA's name of the code, where it has one. */
  mnemonic: z.string().optional(),
  meaning: z.string().min(1),
  component: Component,
  /** Our grade of one event seen alone. */
  severity: Severity,
  /**
   * `fixed`: severity and action hold as they stand. `decode`: the record's text decides (74 and 144–150), the row has the
   * fallback. `follow`: the text names the action (154). `detail`: the record describes another one (171, 172 belong to 48).
   */
  grade: XidGrade,
  /** What we ask for first when one event is seen alone. */
  action: Action,
  /** NVIDIA's resolution buckets, as they are printed; absent where the catalogue leaves them blank. */
  immediate: z.string().optional(),
  investigate: z.string().optional(),
  /** GPU generations that can raise the code; empty when no current one does. */
  generations: z.array(z.string()),
  /** First driver branch in which XID 154 repeats the recovery action for this code; `yes` when no branch is given. */
  recoveryBranch: z.string().optional(),
  /** A rule over several events or over the text refines the action: `STATEFUL_RULES`. */
  isStateful: z.boolean(),
  source: z.string().min(1),
};

const XidCatalogFile = z.object({
  title: z.string(),
  edition: z.string(),
  source: z.string(),
  rows: z.array(
    z.object({
      codes: z.array(z.number().int().min(1)).min(1),
      status: z.enum(["listed", "family", "legacy"]),
      ...rowShape,
    }),
  ),
});

/**
 * One XID code. `listed` codes have a row of their own in NVIDIA's catalogue, `family` codes share one with their
 * siblings, `legacy` codes are not raised by current drivers, and every other number is `unknown`.
 */
export const XidEntry = z.object({
  code: z.number().int(),
  status: z.enum(["listed", "family", "legacy", "unknown"]),
  ...rowShape,
});
export type XidEntry = z.infer<typeof XidEntry>;

const file = XidCatalogFile.parse(data);

/** Edition of NVIDIA's catalogue the rows were taken from, as a date. */
export const XID_CATALOG_EDITION = file.edition;

/** All 172 codes of the catalogue in ascending order. Source: NVIDIA Xid Catalog, edition of `XID_CATALOG_EDITION`. */
export const XID_CATALOG: readonly XidEntry[] = file.rows
  .flatMap(({ codes, ...row }) => codes.map((code): XidEntry => ({ code, ...row })))
  .sort((left, right) => left.code - right.code);

const byCode: ReadonlyMap<number, XidEntry> = new Map(XID_CATALOG.map((entry) => [entry.code, entry]));

/**
 * What is known about a code. Never throws. A code outside the catalogue comes back as `unknown` with the action `NONE`:
 * its text is to be kept and shown, and nothing is to be done because of it alone.
 */
export function lookupXid(code: number): XidEntry {
  return (
    byCode.get(code) ?? {
      code,
      status: "unknown",
      meaning: "Not in the catalogue; keep the text of the record and ask NVIDIA support.",
      component: "info",
      severity: "warning",
      grade: "fixed",
      action: "NONE",
      generations: [],
      isStateful: false,
      source: `not in the NVIDIA Xid Catalog, edition of ${file.edition}`,
    }
  );
}

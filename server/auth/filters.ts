import { z } from "zod";

/** What a handler of a custom `Auth` lets a caller see: metadata that is equal to, or lists, the values given. */
export const AuthFilter = z.record(
  z.string(),
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.strictObject({ $eq: z.unknown() }),
    z.strictObject({ $contains: z.union([z.string(), z.array(z.string())]) }),
  ]),
);
export type AuthFilter = z.infer<typeof AuthFilter>;

type Metadata = Readonly<Record<string, unknown>>;

/** Whether something with this metadata is visible under every one of the filters. */
export function isVisible(metadata: Metadata, filters: readonly AuthFilter[]): boolean {
  return filters.every((filter) =>
    Object.entries(filter).every(([key, wanted]) => {
      const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
      if (typeof wanted !== "object") return value === wanted;
      if ("$eq" in wanted) return value !== undefined && value === wanted.$eq;
      return Array.isArray(value) && [wanted.$contains].flat().every((item) => value.includes(item));
    }),
  );
}

export interface NarrowedSearch {
  /** Metadata to ask the store for: what the caller wants, and the equal parts of the filters. */
  readonly metadata: Metadata;
  /** Whether the store's answer has to be looked through again, because it cannot search inside lists. */
  readonly hasLists: boolean;
}

/** The search with the filters in it; undefined when nothing can match both. */
export function narrowSearch(wanted: Metadata | undefined, filters: readonly AuthFilter[]): NarrowedSearch | undefined {
  const metadata: Record<string, unknown> = { ...wanted };
  let hasLists = false;
  for (const [key, rule] of filters.flatMap((filter) => Object.entries(filter))) {
    if (typeof rule === "object" && "$contains" in rule) {
      hasLists = true;
      continue;
    }
    const value = typeof rule === "object" ? rule.$eq : rule;
    if (value === undefined || (Object.hasOwn(metadata, key) && metadata[key] !== value)) return undefined;
    metadata[key] = value;
  }
  return { metadata, hasLists };
}

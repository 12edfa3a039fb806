import { readFile } from "node:fs/promises";
import path from "node:path";

import { isConfigObject, readConfig } from "../../../engine/data/design/read-config.ts";

/** What makes each column, by name, as the design beside the dataset says; empty without a readable design. */
export async function readColumnTypes(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path.join(folder, "builder_config.json"), "utf8").catch(() => "");
  const columns = readConfig(text).config?.["columns"];
  const types = new Map<string, string>();
  for (const column of Array.isArray(columns) ? (columns as readonly unknown[]) : []) {
    if (!isConfigObject(column)) continue;
    const { name, column_type: type } = column;
    if (typeof name === "string" && typeof type === "string") types.set(name, type);
  }
  return types;
}

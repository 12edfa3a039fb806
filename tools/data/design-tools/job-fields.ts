import type { z } from "zod";

import { field, readList, readText } from "./fields.ts";
import { EXPORT_FORMATS, type ExportFormat } from "../dataset-job/export-formats.ts";

export const formatsField: z.ZodType<ExportFormat[]> = field(
  { type: "array", items: { type: "string", enum: [...EXPORT_FORMATS] } },
  "File formats that the user wants: jsonl, csv, parquet",
  `a list of ${EXPORT_FORMATS.join(", ")}`,
  (given) => {
    const words = readList(given)?.map((item) => readText(item)?.trim().toLowerCase().replace(/^\./, ""));
    const formats = words?.map((word) =>
      EXPORT_FORMATS.find((format) => format === word || (word === "json" && format === "jsonl")),
    );
    return formats?.every((format) => format !== undefined) === true ? [...new Set(formats)] : undefined;
  },
);

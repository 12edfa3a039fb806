import { z } from "zod";

import { Secret } from "../secret.ts";

/** What a setting belongs to; README and .env.example show the settings in this order. */
export type SettingGroup = "service" | "model" | "gpu" | "incidents" | "alerts" | "data" | "mcp";

export interface Setting {
  readonly group: SettingGroup;
  readonly schema: z.ZodType;
  /** Shown as the default in the documentation; the schema holds the real one. */
  readonly shownDefault: string;
  readonly description: string;
  /** A secret may also be given as `<NAME>_FILE`, the path of a file that holds it. */
  readonly isSecret?: boolean;
}

export const text = z.string().trim();
export const url = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });
export const flag = z
  .enum(["0", "1", "true", "false"], { error: "must be 1, 0, true or false" })
  .transform((value) => value === "1" || value === "true");

/** An integer within inclusive bounds; the text `12abc` is refused rather than cut. */
export function integer(min: number, max: number): z.ZodType<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return text
    .regex(/^-?\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export function setting<Value>(
  group: SettingGroup,
  schema: z.ZodType<Value>,
  shownDefault: string,
  description: string,
): { group: SettingGroup; schema: z.ZodType<Value>; shownDefault: string; description: string } {
  return { group, schema, shownDefault, description };
}

export function secret(group: SettingGroup, description: string, value: z.ZodType<string> = text) {
  return {
    group,
    schema: value.transform((known) => new Secret(known)).optional(),
    shownDefault: "",
    description,
    isSecret: true,
  };
}

import { z } from "zod";

import { listNames, nearestName } from "./nearest.ts";

/** An object that refuses unknown keys and says which key was probably meant. */
export function configObject<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      return issue.keys.map((key) => unknownField(key, known)).join("; ");
    },
  });
}

function unknownField(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  const hint = near === undefined ? `the fields are ${listNames(known)}` : `did you mean "${near}"?`;
  return `unknown field "${key}"; ${hint}`;
}

import type { Assessment } from "../finding.ts";

/**
 * Whether somebody has to be told. Not for a healthy node and not for a fault of an application, whose owner sees it
 * himself; everything else leaves an alert, whose severity decides how loud it is.
 */
export function shouldRaiseAlert({ verdict }: Pick<Assessment, "verdict">): boolean {
  return verdict !== "healthy" && verdict !== "app";
}

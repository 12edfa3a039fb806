/**
 * Names in a query, as clients write lists: the parameter again and again, one text with commas, or a list in JSON, which
 * is what the older line of the SDK makes of it. Never throws; empty names are left out.
 */
export function readNames(given: string | readonly string[] | undefined): readonly string[] {
  return [given ?? []]
    .flat()
    .flatMap(splitNames)
    .filter((name) => name !== "");
}

function splitNames(text: string): readonly string[] {
  if (!text.startsWith("[")) return text.split(",");
  try {
    // A text that begins like this is a list when it is JSON at all.
    return (JSON.parse(text) as readonly unknown[]).map(String);
  } catch {
    return [text];
  }
}

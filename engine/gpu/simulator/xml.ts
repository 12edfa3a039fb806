/** Lines of an element and what is in it, indented by tabs as `nvidia-smi` does. */
export function element(name: string, body: readonly string[], attributes = ""): string[] {
  return [`<${name}${attributes}>`, ...body.map((line) => `\t${line}`), `</${name}>`];
}

/** An element with a value; what is not reported prints as `N/A`. */
export function leaf(name: string, value: string | number | undefined, unit = ""): string[] {
  const text = value === undefined ? "N/A" : `${escapeXml(String(value))}${unit}`;
  return [`<${name}>${text}</${name}>`];
}

export function flagLeaf(
  name: string,
  value: boolean | undefined,
  words: readonly [yes: string, no: string],
): string[] {
  return leaf(name, value === undefined ? undefined : words[value ? 0 : 1]);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

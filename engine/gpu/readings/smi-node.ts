/** One element of `nvidia-smi`'s output, whichever form it was printed in; names are those of the XML schema. */
export interface SmiNode {
  readonly name: string;
  text: string;
  readonly children: SmiNode[];
}

export function newNode(name: string): SmiNode {
  return { name, text: "", children: [] };
}

export function childrenOf(node: SmiNode | undefined, name: string): readonly SmiNode[] {
  return node?.children.filter((child) => child.name === name) ?? [];
}

/** The first node at a path of names, `a/b/c`. */
export function nodeAt(node: SmiNode | undefined, path: string): SmiNode | undefined {
  let current = node;
  for (const name of path.split("/")) current = current?.children.find((child) => child.name === name);
  return current;
}

/** The text at the first of the paths that exists and has text of its own. */
export function textAt(node: SmiNode | undefined, ...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const found = nodeAt(node, path);
    if (found !== undefined && found.text.trim() !== "") return found.text.trim();
  }
  return undefined;
}

/** Sets the text at a path, making the nodes on the way. */
export function setTextAt(node: SmiNode, path: string, text: string): void {
  let current = node;
  for (const name of path.split("/")) {
    let next = current.children.find((child) => child.name === name);
    if (next === undefined) {
      next = newNode(name);
      current.children.push(next);
    }
    current = next;
  }
  current.text = text;
}

/** Visits a node and everything below it. */
export function walk(node: SmiNode, visit: (node: SmiNode) => void): void {
  visit(node);
  for (const child of node.children) walk(child, visit);
}

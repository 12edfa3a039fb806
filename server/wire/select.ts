/**
 * Keeps the fields a caller selected, all of them when nothing was selected; `values.<key>` keeps one key of `values`.
 * Names without a field are left out.
 */
export function selectState<State extends object>(
  state: State,
  select: readonly string[] | null | undefined,
): Partial<State> {
  if (select == null || select.length === 0) return state;
  const entries = Object.entries(state).flatMap(([name, value]): [string, unknown][] => {
    if (select.includes(name)) return [[name, value]];
    const keys = select.flatMap((path) => (path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : []));
    if (keys.length === 0 || typeof value !== "object" || value === null) return [];
    return [[name, Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)))]];
  });
  // Leaving out entries of an object gives a part of it.
  return Object.fromEntries(entries) as Partial<State>;
}

/**
 * What stands at a path such as `values.messages[-1].content` or `metadata.owner`; null where there is nothing. Never throws.
 * Own properties only, so that no path leads to a prototype.
 */
export function valueAtPath(root: unknown, path: string): unknown {
  let current: unknown = root;
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(-?\d+)\]/g)) {
    if (index !== undefined) current = Array.isArray(current) ? (current as unknown[]).at(Number(index)) : undefined;
    else if (typeof current !== "object" || current === null || !Object.hasOwn(current, name ?? "")) return null;
    // An own property, as was just checked.
    else current = (current as Record<string, unknown>)[name ?? ""];
  }
  return current ?? null;
}

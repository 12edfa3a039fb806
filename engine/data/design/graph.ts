/** One column needs another; `why` completes "a needs b for …". */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export interface Ordering {
  /** Every node once, what it needs before it; of those that are free the first of `nodes` goes first. */
  readonly order: readonly string[];
  /** Disjoint cycles, each as its edges: the first edge starts at the cycle's first node in the order of `nodes`. */
  readonly cycles: readonly (readonly Edge[])[];
}

/**
 * Orders nodes so that each comes after what it needs. Edges to unknown nodes are ignored. Nodes that a cycle keeps from
 * being ordered stand last, in the order of `nodes`. Never throws.
 */
export function orderNodes(nodes: readonly string[], edges: readonly Edge[]): Ordering {
  const position = new Map(nodes.map((node, index) => [node, index]));
  const needed = new Map<string, Set<string>>(nodes.map((node) => [node, new Set()]));
  const dependants = new Map<string, string[]>(nodes.map((node) => [node, []]));
  for (const edge of edges) {
    const needs = needed.get(edge.from);
    if (needs === undefined || !needed.has(edge.to) || needs.has(edge.to)) continue;
    needs.add(edge.to);
    dependants.get(edge.to)?.push(edge.from);
  }

  const waiting = new Map([...needed].map(([node, needs]) => [node, needs.size]));
  // Free nodes by position, the first at the end, where taking one is cheap.
  const free = nodes.filter((node) => waiting.get(node) === 0).toReversed();
  const order: string[] = [];
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    order.push(node);
    for (const dependant of dependants.get(node) ?? []) {
      const left = (waiting.get(dependant) ?? 0) - 1;
      waiting.set(dependant, left);
      if (left === 0) insertByPosition(free, dependant, position);
    }
  }
  const placed = new Set(order);
  const stuck = nodes.filter((node) => !placed.has(node));
  return { order: [...order, ...stuck], cycles: findCycles(stuck, edges) };
}

function insertByPosition(free: string[], node: string, position: ReadonlyMap<string, number>): void {
  const own = position.get(node) ?? 0;
  let low = 0;
  let high = free.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((position.get(free[middle] ?? "") ?? 0) > own) low = middle + 1;
    else high = middle;
  }
  free.splice(low, 0, node);
}

function findCycles(stuck: readonly string[], edges: readonly Edge[]): Edge[][] {
  const left = new Set(stuck);
  const byFrom = new Map<string, Edge[]>();
  for (const edge of edges) {
    if (!left.has(edge.from) || !left.has(edge.to)) continue;
    byFrom.set(edge.from, [...(byFrom.get(edge.from) ?? []), edge]);
  }
  const cycles: Edge[][] = [];
  for (const start of stuck) {
    const cycle = left.has(start) ? walkToCycle(start, byFrom, left) : [];
    if (cycle.length === 0) continue;
    for (const edge of cycle) left.delete(edge.from);
    cycles.push(fromFirst(cycle, stuck));
  }
  return cycles;
}

/** Depth first from `start` over nodes that are left, until a node comes up again; empty when none does. */
function walkToCycle(start: string, byFrom: ReadonlyMap<string, readonly Edge[]>, left: ReadonlySet<string>): Edge[] {
  const path: Edge[] = [];
  const onPath = new Map([[start, 0]]);
  const done = new Set<string>();
  const next = new Map<string, number>();
  let node = start;
  for (;;) {
    const tried = next.get(node) ?? 0;
    const edge = byFrom.get(node)?.[tried];
    if (edge === undefined) {
      done.add(node);
      onPath.delete(node);
      const back = path.pop();
      if (back === undefined) return [];
      node = back.from;
      continue;
    }
    next.set(node, tried + 1);
    if (!left.has(edge.to) || done.has(edge.to)) continue;
    const seenAt = onPath.get(edge.to);
    path.push(edge);
    if (seenAt !== undefined) return path.slice(seenAt);
    onPath.set(edge.to, path.length);
    node = edge.to;
  }
}

function fromFirst(cycle: readonly Edge[], nodes: readonly string[]): Edge[] {
  const first = nodes.find((node) => cycle.some((edge) => edge.from === node));
  const index = cycle.findIndex((edge) => edge.from === first);
  return [...cycle.slice(index), ...cycle.slice(0, index)];
}

import type { Message } from "./model";

/** What is needed of messages to find one's way in their tree. */
export type Node = Pick<Message, "id" | "parent">;

/** From the first message to the leaf. A parent that is missing, or a circle, ends it. */
export function pathTo<T extends Node>(nodes: ReadonlyMap<string, T>, leaf: string | null): T[] {
  const path: T[] = [];
  const seen = new Set<string>();
  for (let at = leaf; at !== null && !seen.has(at); ) {
    const node = nodes.get(at);
    if (!node) break;
    seen.add(at);
    path.push(node);
    at = node.parent;
  }
  return path.reverse();
}

/** Children by parent, oldest first; ids sort by time. */
export function childrenOf<T extends Node>(nodes: ReadonlyMap<string, T>): Map<string | null, T[]> {
  const children = new Map<string | null, T[]>();
  for (const node of nodes.values()) {
    const parent = node.parent !== null && nodes.has(node.parent) ? node.parent : null;
    const those = children.get(parent);
    if (those) those.push(node);
    else children.set(parent, [node]);
  }
  for (const those of children.values()) those.sort((a, b) => (a.id < b.id ? -1 : 1));
  return children;
}

/** The end of the newest branch that goes through a message. */
export function newestLeaf<T extends Node>(children: ReadonlyMap<string | null, T[]>, from: string): string {
  const seen = new Set<string>();
  let at = from;
  while (!seen.has(at)) {
    seen.add(at);
    const last = children.get(at)?.at(-1);
    if (!last) break;
    at = last.id;
  }
  return at;
}

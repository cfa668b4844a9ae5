import type { ClusterNode } from "../api/cluster";

/** Where the picture's parts are, in px: the root above, the others below it in rows. */
export interface Layout {
  width: number;
  height: number;
  cards: Card[];
  /** Lines of the network, as paths of SVG. */
  lines: { path: string; node: ClusterNode }[];
}

export interface Card {
  x: number;
  y: number;
  node: ClusterNode;
}

export const CARD = { width: 216, height: 128 };
const GAP = { x: 20, y: 44 };
/** Left of the cards, where lines go down to the second row and those below it. */
const RAIL = 14;

/** Root, workers by rank, then spares. */
export function inOrder(nodes: ClusterNode[]): ClusterNode[] {
  const place = (node: ClusterNode): number => (node.role === "root" ? -1 : (node.rank ?? 1e6));
  return [...nodes].sort((a, b) => place(a) - place(b) || a.id.localeCompare(b.id));
}

export function layout(nodes: ClusterNode[], width: number): Layout {
  const [first, ...rest] = inOrder(nodes);
  const root = first?.role === "root" ? first : null;
  const others = root || !first ? rest : [first, ...rest];
  const fit = Math.max(1, Math.floor((width - RAIL + GAP.x) / (CARD.width + GAP.x)));
  const rows = Math.max(1, Math.ceil(others.length / fit));
  // Rows of one length, as far as can be: 3 and 3, not 5 and 1.
  const columns = Math.max(1, Math.ceil(others.length / rows));
  const grid = columns * (CARD.width + GAP.x) - GAP.x;
  const left = Math.max(RAIL, (width - grid) / 2);
  const rootX = Math.max(RAIL, (width - CARD.width) / 2);
  const rootHeight = root ? CARD.height + GAP.y : 0;
  const cards: Card[] = root ? [{ x: rootX, y: 0, node: root }] : [];
  const lines: Layout["lines"] = [];
  others.forEach((node, i) => {
    const row = Math.floor(i / columns);
    const x = left + (i % columns) * (CARD.width + GAP.x);
    const y = rootHeight + row * (CARD.height + GAP.y);
    cards.push({ x, y, node });
    if (root) lines.push({ node, path: line(rootX + CARD.width / 2, left - RAIL, x + CARD.width / 2, y, row) });
  });
  const height = rootHeight + (others.length ? rows * (CARD.height + GAP.y) - GAP.y : -GAP.y);
  return { width: Math.max(width, RAIL + CARD.width), height: Math.max(height, root ? CARD.height : 0), cards, lines };
}

/** From below the root to the top of a card; past the rows above it on the left. */
function line(rootX: number, rail: number, x: number, y: number, row: number): string {
  const bus = CARD.height + GAP.y / 2;
  const above = y - GAP.y / 2;
  if (row === 0) return `M${rootX} ${CARD.height}V${bus}H${x}V${y}`;
  return `M${rootX} ${CARD.height}V${bus}H${rail}V${above}H${x}V${y}`;
}

/** The node that makes the others wait, if one stands out, as the root says. */
export function slowest(nodes: ClusterNode[]): ClusterNode | null {
  return nodes.find((node) => node.slowest) ?? null;
}

/** Which of a layer's heads a node has, counted from 1. */
export function headsOf({ first, count, of }: NonNullable<ClusterNode["heads"]>): string {
  return `${count === 1 ? first + 1 : `${first + 1}–${first + count}`} of ${of}`;
}

export function nameOf(node: ClusterNode): string {
  return node.address ?? node.id;
}

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ClusterNode } from "../api/cluster";
import { bytes, decimal, milliseconds, percent } from "../format";
import { CARD, headsOf, layout, nameOf, slowest, type Card } from "./layout";

const INNER = CARD.width - 24;

/** Root, workers and spares. What it shows is told again by NodeTable, for those who do not see it. */
export function Picture({ nodes }: { nodes: ClusterNode[] }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(640);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const resized = new ResizeObserver(() => (width.value = Math.floor(element.clientWidth)));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const drawn = layout(nodes, width.value);
  const late = slowest(nodes);
  return (
    <div class="picture" ref={frame}>
      <svg width={drawn.width} height={drawn.height + 2} role="img" aria-label={summary(nodes, late)}>
        {drawn.lines.map(({ path, node }) => (
          <path key={node.id} class={`line ${node.role} ${node.state ?? ""}`} d={path} />
        ))}
        {drawn.cards.map((card) => (
          <NodeCard key={card.node.id} card={card} late={card.node === late} />
        ))}
      </svg>
    </div>
  );
}

function summary(nodes: ClusterNode[], late: ClusterNode | null): string {
  const workers = nodes.filter((node) => node.role === "worker").length;
  const spares = nodes.filter((node) => node.role === "spare").length;
  const waits = late ? ` The others wait most for ${nameOf(late)}.` : "";
  return `The cluster: a root, ${workers} workers, ${spares} spares.${waits} The table below tells all of it.`;
}

function NodeCard({ card: { x, y, node }, late }: { card: Card; late: boolean }) {
  const loading = node.state === "loading" && node.sliceBytes && node.loadedBytes !== undefined;
  return (
    <g class={`node ${node.role} ${node.state ?? ""} ${late ? "late" : ""}`} transform={`translate(${x} ${y})`}>
      <title>{nameOf(node)}</title>
      {node.role !== "root" && node.roundTripMs !== undefined && (
        <text class="small" x={CARD.width / 2 + 8} y={-8}>
          {milliseconds(node.roundTripMs)}
        </text>
      )}
      <rect class="card" x={0.5} y={0.5} width={CARD.width - 1} height={CARD.height - 1} rx={10} />
      <circle class="state" cx={17} cy={20} r={4} />
      <text class="name" x={28} y={24}>
        {shorten(nameOf(node), 22)}
      </text>
      <text class="role" x={CARD.width - 12} y={97} text-anchor="end">
        {node.role === "worker" && node.rank !== undefined ? `rank ${node.rank}` : node.role}
      </text>
      <text class="small" x={12} y={42}>
        {stateWords(node)}
      </text>
      {loading ? <LoadBar node={node} /> : <MemoryBar node={node} />}
      <LoadLine node={node} />
      {late && node.waitShare !== undefined && (
        <text class="waits" x={12} y={118}>
          others wait {percent(node.waitShare)} for it
        </text>
      )}
      {!late && node.waitShare !== undefined && (
        <text class="small" x={12} y={118}>
          waited for: {percent(node.waitShare)}
        </text>
      )}
    </g>
  );
}

function stateWords(node: ClusterNode): string {
  if (node.state !== "ready" && node.state !== undefined) return node.state;
  if (node.layers === undefined) return node.state ?? "";
  return node.heads ? `${node.layers} layers, heads ${headsOf(node.heads)}` : `slice of ${node.layers} layers`;
}

function Bar({ y, parts }: { y: number; parts: { class: string; share: number }[] }) {
  let at = 12;
  return (
    <g>
      <rect class="bar" x={12} y={y} width={INNER} height={6} rx={3} />
      {parts.map((part) => {
        const wide = Math.max(0, Math.min(1, part.share)) * INNER;
        const x = at;
        at += wide;
        return <rect key={part.class} class={part.class} x={x} y={y} width={Math.min(wide, 12 + INNER - x)} height={6} rx={3} />;
      })}
    </g>
  );
}

/** The slice, what else is used, what is free. */
function MemoryBar({ node }: { node: ClusterNode }) {
  const { memoryTotal: total, memoryAvailable: free, sliceBytes: slice } = node;
  if (!total) return slice ? <text class="small" x={12} y={68}>slice {bytes(slice)}</text> : null;
  const used = free === undefined ? 0 : total - free;
  const own = Math.min(slice ?? 0, total);
  return (
    <g>
      <Bar y={54} parts={[{ class: "slice", share: own / total }, { class: "used", share: Math.max(0, used - own) / total }]} />
      {slice !== undefined && (
        <text class="small" x={12} y={76}>
          slice {bytes(slice)}
        </text>
      )}
      {free !== undefined && (
        <text class="small" x={CARD.width - 12} y={76} text-anchor="end">
          {bytes(free)} free
        </text>
      )}
    </g>
  );
}

function LoadBar({ node }: { node: ClusterNode }) {
  const share = (node.loadedBytes ?? 0) / (node.sliceBytes ?? 1);
  return (
    <g>
      <Bar y={54} parts={[{ class: "slice", share }]} />
      <text class="small" x={12} y={76}>
        {percent(share)} of {bytes(node.sliceBytes ?? 0)} loaded
      </text>
    </g>
  );
}

function LoadLine({ node }: { node: ClusterNode }) {
  if (node.load === undefined && node.cores === undefined) return null;
  const cores = node.cores === undefined ? "" : `${node.cores} cores`;
  const load = node.load === undefined ? "" : `load ${decimal(node.load)}`;
  return (
    <text class="small" x={12} y={97}>
      {load && cores ? `${load} on ${cores}` : load || cores}
    </text>
  );
}

/** The end of an address tells nodes apart. */
function shorten(name: string, length: number): string {
  return name.length <= length ? name : "…" + name.slice(name.length - length + 1);
}

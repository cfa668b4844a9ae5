import type { ClusterNode } from "../api/cluster";
import { bytes, decimal, milliseconds, percent } from "../format";
import { headsOf, inOrder, nameOf } from "./layout";

interface Column {
  name: string;
  of: (node: ClusterNode) => string | undefined;
}

const opt = <T,>(value: T | undefined, words: (value: T) => string): string | undefined =>
  value === undefined ? undefined : words(value);

const COLUMNS: Column[] = [
  { name: "Role", of: (node) => node.role },
  { name: "Rank", of: (node) => opt(node.rank, String) },
  { name: "State", of: (node) => node.state },
  { name: "Slice", of: (node) => opt(node.sliceBytes, bytes) },
  { name: "Loaded", of: (node) => opt(node.loadedBytes, bytes) },
  { name: "Layers", of: (node) => opt(node.layers, String) },
  { name: "Heads", of: (node) => opt(node.heads, headsOf) },
  { name: "Memory", of: (node) => opt(node.memoryTotal, bytes) },
  { name: "Free", of: (node) => opt(node.memoryAvailable, bytes) },
  { name: "Cores", of: (node) => opt(node.cores, String) },
  { name: "Load", of: (node) => opt(node.load, decimal) },
  { name: "Round trip", of: (node) => opt(node.roundTripMs, milliseconds) },
  { name: "Waited for", of: (node) => opt(node.waitShare, percent) },
];

/** All that is known of every node; a column of which nothing is known is left out. */
export function NodeTable({ nodes }: { nodes: ClusterNode[] }) {
  const columns = COLUMNS.filter((column) => nodes.some((node) => column.of(node) !== undefined));
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="Table of nodes">
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            {columns.map((column) => (
              <th scope="col" key={column.name}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {inOrder(nodes).map((node) => (
            <tr key={node.id}>
              <th scope="row">{nameOf(node)}</th>
              {columns.map((column) => (
                <td key={column.name}>{column.of(node) ?? ""}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

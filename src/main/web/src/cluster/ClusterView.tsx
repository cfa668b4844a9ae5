import { cluster, clusterTrouble, type Cluster, type ClusterEvent, type PlanRow } from "../api/cluster";
import { bytes, clock, count, decimal, milliseconds } from "../format";
import { NodeTable } from "./NodeTable";
import { Picture } from "./Picture";
import { Plots } from "./Plots";

export function ClusterView() {
  const now = cluster.value;
  const trouble = clusterTrouble.value;
  return (
    <main id="main" class="cluster" tabIndex={-1}>
      <div class="page">
        <h1>Cluster</h1>
        {trouble && (
          <p class="trouble" role="status">
            {trouble.message}
            {now && " What is below is what was last known."}
          </p>
        )}
        {now ? <Known now={now} /> : !trouble && <p class="note">Asking the root …</p>}
      </div>
    </main>
  );
}

function Known({ now }: { now: Cluster }) {
  const nodes = now.nodes ?? [];
  const world = nodes.filter((node) => node.role !== "spare" && node.state !== "lost").length;
  return (
    <>
      <Facts now={now} />
      {nodes.length > 0 && (
        <section aria-labelledby="nodes-title">
          <h2 id="nodes-title">Nodes</h2>
          <Picture nodes={nodes} />
          <details>
            <summary>All figures as a table</summary>
            <NodeTable nodes={nodes} />
          </details>
        </section>
      )}
      {(now.history?.length ?? 0) > 1 && (
        <section aria-labelledby="plots-title">
          <h2 id="plots-title">The last ten minutes</h2>
          <Plots history={now.history ?? []} />
        </section>
      )}
      <div class="two">
        {now.events && now.events.length > 0 && <Events events={now.events} />}
        {now.plan && now.plan.length > 0 && <Plan rows={now.plan} world={world} />}
      </div>
    </>
  );
}

const STATES = { gathering: "Gathering nodes", loading: "Loading", ready: "Ready" } as const;

function Facts({ now }: { now: Cluster }) {
  const { model, answers, rates } = now;
  const made = [model?.architecture, model?.weights].filter(Boolean).join(", ");
  const shape = [
    model?.layers !== undefined && count(model.layers, "layer"),
    model?.contextLength !== undefined && `context of ${model.contextLength.toLocaleString("en")} tokens`,
  ].filter(Boolean);
  return (
    <dl class="facts">
      <Fact name="State" value={STATES[now.state] ?? now.state} note={now.waiting ?? answersNote(answers)} />
      {model?.id && <Fact name="Model" value={model.id} note={[made, ...shape].filter(Boolean).join(" · ")} />}
      {now.computing && <Fact name="Kernels of the root" value={now.computing} />}
      {rates?.tokensPerSecond !== undefined && (
        <Fact
          name="Decode"
          value={`${decimal(rates.tokensPerSecond)} tokens/s`}
          note={rates.prefillTokensPerSecond === undefined ? "" : `prompts: ${decimal(rates.prefillTokensPerSecond)} tokens/s`}
        />
      )}
      {rates?.computeMs !== undefined && (
        <Fact
          name="A token takes"
          value={`${decimal(rates.computeMs + (rates.syncMs ?? 0))} ms`}
          note={rates.syncMs === undefined ? "" : `compute ${decimal(rates.computeMs)} · sync ${decimal(rates.syncMs)}`}
        />
      )}
    </dl>
  );
}

function answersNote(answers: Cluster["answers"]): string {
  if (answers?.running === undefined) return "";
  const of = answers.places === undefined ? "" : ` of ${answers.places}`;
  const waiting = answers.waiting ? `, ${answers.waiting} waiting` : "";
  return `answers: ${answers.running}${of} running${waiting}`;
}

function Fact({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

/** What happened, the latest first. */
function Events({ events }: { events: ClusterEvent[] }) {
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">What happened</h2>
      <ol class="events" tabIndex={0} aria-label="Events, the latest first">
        {[...events].reverse().map((event, i) => (
          <li key={`${event.at} ${events.length - i}`} class={event.kind}>
            <time>{clock(event.at)}</time>
            <span class="kind">{event.kind}</span>
            <span>{event.text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Plan({ rows, world }: { rows: PlanRow[]; world: number }) {
  return (
    <section aria-labelledby="plan-title">
      <h2 id="plan-title">With more nodes or fewer</h2>
      <div class="wide" tabIndex={0} role="region" aria-label="Table of predictions">
        <table>
          <thead>
            <tr>
              <th scope="col">Nodes</th>
              <th scope="col">Memory of each</th>
              <th scope="col">Fits</th>
              <th scope="col">A token takes</th>
              <th scope="col">Tokens/s</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.nodes} class={row.nodes === world ? "now" : ""}>
                <th scope="row">
                  {row.nodes}
                  {row.nodes === world && " (now)"}
                </th>
                <td>{row.bytesPerNode === undefined ? "" : bytes(row.bytesPerNode)}</td>
                <td>{row.fits === undefined ? "" : row.fits ? "yes" : "no"}</td>
                <td>{row.predictedMsPerToken === undefined ? "" : milliseconds(row.predictedMsPerToken)}</td>
                <td>{row.predictedMsPerToken ? decimal(1000 / row.predictedMsPerToken) : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

import type { Sample } from "../api/cluster";
import { Plot } from "./Plot";

/** Longer without work than this, and the line is broken. */
const PAUSE_MS = 3_000;

/** Tokens per second, and where the time of a token goes. */
export function Plots({ history }: { history: Sample[] }) {
  const samples = withPauses(history);
  const times = samples.map((sample) => sample.at / 1000);
  const of = (key: keyof Sample): (number | null)[] => samples.map((sample) => sample[key] ?? null);
  const has = (key: keyof Sample): boolean => history.some((sample) => sample[key] !== undefined);
  const rates = [{ name: "all answers", colour: "line-1", values: of("tokensPerSecond") }];
  const parts = [
    { name: "compute", colour: "line-2", values: of("computeMs") },
    { name: "sync", colour: "line-3", values: of("syncMs") },
  ];
  return (
    <div class="plots">
      {has("tokensPerSecond") && <Plot title="Tokens per second" unit="/s" times={times} lines={rates} />}
      {(has("computeMs") || has("syncMs")) && <Plot title="Time of a token" unit="ms" times={times} lines={parts} />}
    </div>
  );
}

/** There is a sample for each second with work; between others there is nothing, not a slope. */
export function withPauses(history: Sample[]): Sample[] {
  const result: Sample[] = [];
  for (const sample of history) {
    const before = result.at(-1);
    if (before && sample.at - before.at > PAUSE_MS) result.push({ at: before.at + 1_000 });
    result.push(sample);
  }
  return result;
}

import { count, decimal, milliseconds, percent } from "../format";
import type { Timings } from "../model";

/** How quick an answer was, and how much of that was waiting for other nodes. */
export function Figures({ timings }: { timings: Timings | undefined }) {
  if (!timings) return null;
  const { predicted_n: made, predicted_ms: ms, sync_ms: sync, prompt_n: read, cache_n: cached } = timings;
  const rate = timings.predicted_per_second ?? (made && ms ? (made / ms) * 1000 : undefined);
  const parts: string[] = [];
  if (rate !== undefined) parts.push(`${decimal(rate)} tokens/s`);
  if (sync !== undefined && ms) parts.push(`${percent(sync / ms)} waiting`);
  const more: string[] = [];
  if (made !== undefined) more.push(count(made, "token") + (ms ? ` in ${milliseconds(ms)}` : ""));
  if (read !== undefined) more.push(`prompt: ${count(read, "token")}${cached ? ` and ${cached} cached` : ""}`);
  if (timings.prompt_ms !== undefined) more.push(`read in ${milliseconds(timings.prompt_ms)}`);
  if (parts.length + more.length === 0) return null;
  return (
    <span class="figures">
      {parts.join(" · ")}
      {more.length > 0 && <span class="more">{(parts.length > 0 ? " · " : "") + more.join(" · ")}</span>}
    </span>
  );
}

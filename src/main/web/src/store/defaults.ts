import type { Sampling } from "../model";

/** What a new conversation starts with: what was chosen last. */
export interface Defaults {
  system: string;
  sampling: Sampling;
}

const KEY = "dllama.defaults";

export function defaults(): Defaults {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Defaults>;
    return { system: String(kept.system ?? ""), sampling: sane(kept.sampling) };
  } catch {
    return { system: "", sampling: {} };
  }
}

export function keepDefaults(chosen: Defaults): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Not kept, then.
  }
}

/** Only known numbers: it may come from a file or an older page. */
export function sane(sampling: unknown): Sampling {
  const given = (typeof sampling === "object" && sampling !== null ? sampling : {}) as Record<string, unknown>;
  const result: Sampling = {};
  for (const key of ["temperature", "top_p", "top_k", "min_p", "seed", "max_tokens"] as const) {
    const value = given[key];
    if (typeof value === "number" && Number.isFinite(value)) result[key] = value;
  }
  return result;
}

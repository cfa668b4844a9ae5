/** Numbers as people read them; the page's language is English. */

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(n: number): string {
  let unit = 0;
  while (n >= 999.5 && unit < UNITS.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 || n >= 99.5 ? Math.round(n) : n.toPrecision(2)} ${UNITS[unit]}`;
}

export function decimal(n: number): string {
  if (!Number.isFinite(n)) return "–";
  return Math.abs(n) >= 99.5 ? Math.round(n).toLocaleString("en") : n.toFixed(Math.abs(n) < 0.995 ? 2 : 1);
}

export function milliseconds(ms: number): string {
  if (ms < 1000) return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function count(n: number, one: string, many = one + "s"): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}

/** "14:05" today, "3 Mar" this year, else with the year. */
export function day(at: number, now = Date.now()): string {
  const then = new Date(at);
  const today = new Date(now);
  if (then.toDateString() === today.toDateString()) {
    return then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  }
  const year = then.getFullYear() === today.getFullYear() ? {} : { year: "numeric" as const };
  return then.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
}

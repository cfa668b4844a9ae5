import { signal } from "@preact/signals";

const KEY = "dllama.key";

/** In sessionStorage: gone with the tab, never in a file or another tab. */
function kept(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

let key = kept();
let waiting: ((given: boolean) => void)[] = [];

/** Whether the user is asked for a key; the text says why. */
export const asking = signal<string | null>(null);

export function authorization(): Record<string, string> {
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Asks the user, once for all that wait. False: the user does not want to. */
export function askForKey(why: string): Promise<boolean> {
  asking.value = why;
  return new Promise((resolve) => waiting.push(resolve));
}

export function giveKey(value: string | null): void {
  if (value !== null) {
    key = value.trim();
    try {
      sessionStorage.setItem(KEY, key);
    } catch {
      // As long as the page is open, then.
    }
  }
  asking.value = null;
  const those = waiting;
  waiting = [];
  for (const resolve of those) resolve(value !== null);
}

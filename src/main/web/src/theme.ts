import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "dllama.theme";
const THEMES: Theme[] = ["system", "light", "dark"];

/** Storage may be shut off; then the choice lasts as long as the page. */
function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY) as Theme | null;
    return value && THEMES.includes(value) ? value : "system";
  } catch {
    return "system";
  }
}

export const theme = signal<Theme>(kept());

const systemDark = matchMedia("(prefers-color-scheme: dark)");
/** Counts up when colours changed, for what is drawn on a canvas. */
export const colours = signal(0);

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    // Not kept, then.
  }
}

export function startTheme(): void {
  effect(() => {
    const chosen = theme.value;
    if (chosen === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen;
    colours.value = colours.peek() + 1;
  });
  systemDark.addEventListener("change", () => colours.value++);
}

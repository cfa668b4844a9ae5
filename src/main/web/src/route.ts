import { computed, signal } from "@preact/signals";

/** `#/chat`, `#/chat/ID`, `#/cluster`: every tab has its own, and a reload finds it again. */
const hash = signal(location.hash);
addEventListener("hashchange", () => (hash.value = location.hash));

export type View = "chat" | "cluster";

export const view = computed<View>(() => (hash.value.startsWith("#/cluster") ? "cluster" : "chat"));

export const chatId = computed<string | null>(() => /^#\/chat\/(\w+)$/.exec(hash.value)?.[1] ?? null);

export function chatHref(id: string | null): string {
  return id === null ? "#/chat" : `#/chat/${id}`;
}

/** Goes there; `replace` where going back should not lead here again. */
export function goToChat(id: string | null, replace = false): void {
  if (replace) {
    history.replaceState(null, "", chatHref(id));
    hash.value = location.hash;
  } else {
    location.hash = chatHref(id);
  }
}

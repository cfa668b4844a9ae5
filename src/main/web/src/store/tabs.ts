import type { Message } from "../model";

/**
 * What tabs tell each other. `asking`: is anybody writing this answer? `message`: a message as it is
 * now, also the reply of the tab that writes it. `list`: the conversations, or one of them, changed.
 */
export type Word =
  | { kind: "list" }
  | { kind: "message"; message: Message }
  | { kind: "asking"; id: string };

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("dllama");

export function tellTabs(word: Word): void {
  channel?.postMessage(word);
}

export function onWord(listener: (word: Word) => void): void {
  channel?.addEventListener("message", (event: MessageEvent<Word>) => listener(event.data));
}

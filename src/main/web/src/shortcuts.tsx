import { signal } from "@preact/signals";
import { stop } from "./answering";
import { answering } from "./chat/Composer";
import { settingsOpen } from "./chat/SettingsDialog";
import { sidebarOpen } from "./chat/Sidebar";
import { Dialog } from "./Dialog";
import { chatHref, goToChat, view } from "./route";
import { openId } from "./store/conversations";

const shown = signal(false);

interface Shortcut {
  keys: string;
  words: string;
  is: (event: KeyboardEvent, typing: boolean) => boolean;
  act: () => void;
}

/** Letters alone are shortcuts only where nothing is typed. */
const SHORTCUTS: Shortcut[] = [
  { keys: "n", words: "New conversation", is: key("n"), act: () => goToChat(null) },
  { keys: "/", words: "Write a message", is: key("/"), act: () => document.getElementById("composer")?.focus() },
  { keys: "c", words: "Cluster, and back to the chat", is: key("c"), act: switchView },
  { keys: "s", words: "Settings of this conversation", is: key("s"), act: () => (settingsOpen.value = true) },
  { keys: "?", words: "This list", is: key("?"), act: () => (shown.value = true) },
  { keys: "Esc", words: "Stop the answer", is: (event) => event.key === "Escape", act: escape },
];

function key(wanted: string): Shortcut["is"] {
  return (event, typing) => event.key === wanted && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
}

function switchView(): void {
  location.hash = view.peek() === "cluster" ? chatHref(openId.peek()) : "#/cluster";
}

function escape(): void {
  if (sidebarOpen.peek()) sidebarOpen.value = false;
  else if (answering.peek()) stop(answering.peek() ?? "");
}

export function startShortcuts(): void {
  addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    const found = SHORTCUTS.find((shortcut) => shortcut.is(event, typing));
    if (!found || event.defaultPrevented || event.isComposing) return;
    if (found.keys !== "Esc") event.preventDefault();
    found.act();
  });
}

export function ShortcutsDialog() {
  if (!shown.value) return null;
  return (
    <Dialog title="Keys" close={() => (shown.value = false)}>
      <dl class="keys">
        {SHORTCUTS.map(({ keys, words }) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>Send; with Shift a new line</dd>
        </div>
      </dl>
    </Dialog>
  );
}

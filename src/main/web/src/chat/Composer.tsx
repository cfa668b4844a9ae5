import { computed, signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { say, stop } from "../answering";
import { IconButton } from "../icons";
import type { Conversation } from "../model";
import { openId, path, writing } from "../store/conversations";
import { settingsOpen } from "./SettingsDialog";

/** What was typed and not sent yet, by conversation; as long as the page is open. */
const drafts = new Map<string | null, string>();

/** Settings of a conversation that does not exist yet. */
export const fresh = signal<Partial<Conversation>>({});

/** The answer of what is shown that this tab is writing. */
export const answering = computed(() => {
  const last = path.value.at(-1)?.value;
  return last?.state === "writing" && writing.value.has(last.id) ? last.id : null;
});
/** Another tab writes it. */
const elsewhere = computed(() => path.value.at(-1)?.value.state === "writing" && answering.value === null);

export function Composer() {
  const id = openId.value;
  const area = useRef<HTMLTextAreaElement>(null);
  const text = useSignal("");

  useEffect(() => {
    text.value = drafts.get(id) ?? "";
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [id]);
  useEffect(() => fit(area.current), [text.value]);

  const set = (value: string): void => {
    text.value = value;
    drafts.set(id, value);
  };
  const send = (): void => {
    const what = text.peek().trim();
    if (!what || answering.peek() || elsewhere.peek()) return;
    set("");
    const settings = fresh.peek();
    fresh.value = {};
    void say(what, settings);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    // On a phone the key makes a line; there is a button to send.
    if (matchMedia("(pointer: coarse)").matches && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send();
  };

  return (
    <form class="composer" onSubmit={(event) => (event.preventDefault(), send())}>
      <textarea
        id="composer"
        ref={area}
        rows={1}
        value={text.value}
        placeholder="Ask something"
        aria-label="Your message"
        onInput={(event) => set(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <IconButton icon="settings" label="Settings of this conversation" onClick={() => (settingsOpen.value = true)} />
      {answering.value ? (
        <IconButton class="main" icon="stop" label="Stop (Esc)" onClick={() => stop(answering.peek() ?? "")} />
      ) : (
        <IconButton class="main" icon="send" label="Send" type="submit" disabled={text.value.trim() === "" || elsewhere.value} />
      )}
    </form>
  );
}

/** As high as its text, within what the style sheet allows. */
function fit(area: HTMLTextAreaElement | null): void {
  if (!area) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

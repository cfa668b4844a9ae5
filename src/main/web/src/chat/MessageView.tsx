import { useSignal, type Signal } from "@preact/signals";
import { memo } from "../memo";
import { forgetOldest, edit, regenerate, resume } from "../answering";
import { copy } from "../text/copy";
import { LazyMarkdown } from "./LazyMarkdown";
import { Figures } from "./Figures";
import { Thinking } from "./Thinking";
import { ToolCalls } from "./ToolCalls";
import { Waiting } from "./Waiting";
import { IconButton } from "../icons";
import type { Message } from "../model";
import { showBranch, siblings, writing } from "../store/conversations";

/** One message. It renders again when this message changed, and for no other reason. */
export const MessageView = memo(function MessageView({ message }: { message: Signal<Message> }) {
  const now = message.value;
  if (now.role === "user") return <Question message={message} />;
  return (
    <article class="message answer" data-state={now.state} aria-label={now.role === "tool" ? "Tool" : "Answer"}>
      <Thinking message={now} />
      {now.text !== "" && <LazyMarkdown text={now.text} done={now.state !== "writing"} />}
      <ToolCalls calls={now.toolCalls} />
      {now.state === "writing" && <Waiting message={now} mine={writing.value.has(now.id)} />}
      <Ending message={message} />
      {now.state !== "writing" && (
        <div class="below">
          <Branches id={now.id} />
          <CopyButton text={now.text} label="Copy answer" />
          <IconButton icon="again" label="Answer again" onClick={() => void regenerate(message.peek())} />
          <Figures timings={now.timings} />
        </div>
      )}
    </article>
  );
});

function Question({ message }: { message: Signal<Message> }) {
  const editing = useSignal<string | null>(null);
  const now = message.value;
  if (editing.value !== null) {
    const send = (): void => {
      const text = editing.value?.trim();
      if (!text) return;
      editing.value = null;
      void edit(message.peek(), text);
    };
    return (
      <article class="message question" aria-label="You">
        <form class="edit" onSubmit={(event) => (event.preventDefault(), send())}>
          <textarea
            aria-label="Edit your message"
            rows={Math.min(12, editing.value.split("\n").length + 1)}
            value={editing.value}
            ref={(area) => {
              if (document.activeElement !== area) area?.focus();
            }}
            onInput={(event) => (editing.value = event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") (event.stopPropagation(), (editing.value = null));
              if (event.key === "Enter" && !event.shiftKey && !event.isComposing) (event.preventDefault(), send());
            }}
          />
          <div class="row">
            <button type="button" class="quiet" onClick={() => (editing.value = null)}>
              Cancel
            </button>
            <button type="submit" class="main">
              Send
            </button>
          </div>
        </form>
      </article>
    );
  }
  return (
    <article class="message question" aria-label="You">
      <div class="bubble">{now.text}</div>
      <div class="below">
        <Branches id={now.id} />
        <CopyButton text={now.text} label="Copy message" />
        <IconButton icon="edit" label="Edit and send again" onClick={() => (editing.value = now.text)} />
      </div>
    </article>
  );
}

/** What ended an answer early, and what can be done. */
function Ending({ message }: { message: Signal<Message> }) {
  const now = message.value;
  const goOn = (label: string) => (
    <button type="button" class="quiet" onClick={() => void resume(message)}>
      {label}
    </button>
  );
  const label = now.text === "" ? "Try again" : "Continue";
  if (now.state === "cut") {
    return (
      <div class="trouble" role="group" aria-label="Not complete">
        <p>{now.trouble?.text ?? "This answer is not complete."}</p>
        <p class="row">
          {goOn(label)}
          {now.trouble?.kind === "context" && (
            <button type="button" class="quiet" onClick={() => void forgetOldest(message)}>
              Leave out the older half and try again
            </button>
          )}
        </p>
      </div>
    );
  }
  if (now.state === "stopped") return <p class="note">Stopped. {goOn(label)}</p>;
  if (now.state === "done" && now.finish === "length") {
    return <p class="note">The limit of tokens was reached. {goOn("Continue")}</p>;
  }
  return null;
}

function Branches({ id }: { id: string }) {
  const all = siblings(id);
  if (all.length < 2) return null;
  const at = all.indexOf(id);
  const go = (to: string | undefined) => () => to !== undefined && void showBranch(to);
  return (
    <span class="branches" role="group" aria-label="Versions">
      <IconButton icon="left" label="Earlier version" disabled={at === 0} onClick={go(all[at - 1])} />
      <span>
        {at + 1}/{all.length}
      </span>
      <IconButton icon="right" label="Later version" disabled={at === all.length - 1} onClick={go(all[at + 1])} />
    </span>
  );
}

function CopyButton({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  const click = async (): Promise<void> => {
    copied.value = await copy(text);
    setTimeout(() => (copied.value = false), 1_500);
  };
  return <IconButton icon={copied.value ? "check" : "copy"} label={copied.value ? "Copied" : label} onClick={() => void click()} />;
}

import { milliseconds } from "../format";
import { Icon } from "../icons";
import type { Message } from "../model";

/** What a model thought before it answered: folded, as plain text. */
export function Thinking({ message }: { message: Message }) {
  if (!message.reasoning) return null;
  const still = message.state === "writing" && message.text === "";
  const took = message.reasoningMs ? ` for ${milliseconds(message.reasoningMs)}` : "";
  return (
    <details class="thinking">
      <summary>
        <Icon name="right" />
        {still ? "Thinking" : `Thought${took}`}
        {still && <Dots />}
      </summary>
      <div class="thoughts">{message.reasoning.trim()}</div>
    </details>
  );
}

export function Dots() {
  return (
    <span class="dots" aria-hidden="true">
      <i />
      <i />
      <i />
    </span>
  );
}

import { useLayoutEffect, useRef } from "preact/hooks";
import { GrowingText } from "./blocks";
import { copy } from "./copy";

const COPIED_MS = 1_500;

/** A text in Markdown, which may grow. */
export function MarkdownView({ text, done }: { text: string; done: boolean }) {
  const parent = useRef<HTMLDivElement>(null);
  const shown = useRef<GrowingText>(null);
  useLayoutEffect(() => {
    if (!parent.current) return;
    shown.current ??= new GrowingText(parent.current);
    shown.current.update(text, done);
  }, [text, done]);
  return <div class="markdown" ref={parent} onClick={(event) => void copyCode(event)} />;
}

async function copyCode(event: MouseEvent): Promise<void> {
  const button = event.target;
  if (!(button instanceof HTMLButtonElement) || button.className !== "copy-code") return;
  const code = button.closest(".code")?.querySelector("pre")?.textContent ?? "";
  button.textContent = (await copy(code)) ? "Copied" : "Not copied";
  setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
}

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { MarkdownView } from "../text/MarkdownView";

/** How far from the window a text is made ready. */
const MARGIN = "1500px 0px";

const waiting = new WeakMap<Element, () => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      observer.unobserve(entry.target);
      waiting.get(entry.target)?.();
    }
  },
  { rootMargin: MARGIN },
);

/**
 * Markdown where it may be seen soon, and the plain text elsewhere: a conversation of a thousand
 * messages opens at once, and the browser still finds words in all of it.
 */
export function LazyMarkdown({ text, done }: { text: string; done: boolean }) {
  const near = useSignal(!done);
  const plain = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = plain.current;
    if (near.peek() || !element) return;
    waiting.set(element, () => (near.value = true));
    observer.observe(element);
    return () => observer.unobserve(element);
  }, []);
  if (near.value) return <MarkdownView text={text} done={done} />;
  return (
    <div class="markdown plain" ref={plain}>
      {text}
    </div>
  );
}

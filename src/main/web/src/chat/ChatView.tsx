import { useEffect, useRef } from "preact/hooks";
import { IconButton } from "../icons";
import { lasting, openConversation, openId, path } from "../store/conversations";
import { sidebarOpen } from "./Sidebar";
import { Composer } from "./Composer";
import { MessageView } from "./MessageView";

/** Nearer to the end than this, the view stays at the end while an answer comes in. */
const NEAR_PX = 80;

export function ChatView() {
  const shown = path.value;
  const conversation = openConversation.value;
  const scroller = useRef<HTMLDivElement>(null);
  useStayAtEnd(scroller, openId.value, shown.length);
  return (
    <main id="main" class="chat" tabIndex={-1}>
      <div class="chat-head">
        <IconButton class="narrow-only" icon="menu" label="Conversations" onClick={() => (sidebarOpen.value = true)} />
        <h1 dir="auto">{conversation?.title ?? "New conversation"}</h1>
      </div>
      <div class="scroller" ref={scroller} tabIndex={0} role="region" aria-label="Messages">
        <div class="column">
          {shown.length === 0 && <Welcome />}
          {shown.map((message) => {
            const { id } = message.peek();
            const border = id === conversation?.sentFrom;
            return [
              border && <p class="border" key={`${id} border`}>What is above is no longer sent to the model</p>,
              <MessageView key={id} message={message} />,
            ];
          })}
        </div>
      </div>
      <div class="column">
        {!lasting.value && <p class="note">This browser keeps nothing here: conversations end with this page.</p>}
        <Composer />
      </div>
    </main>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <p class="greeting">What shall we talk about?</p>
      <p>The model runs on your own computers. Conversations are kept in this browser and nowhere else.</p>
    </div>
  );
}

/** Follows what is written as long as the user has not scrolled up; a new message is always shown. */
function useStayAtEnd(scroller: { current: HTMLDivElement | null }, conversation: string | null, length: number): void {
  const atEnd = useRef(true);
  const toEnd = (): void => {
    const view = scroller.current;
    if (view) view.scrollTop = view.scrollHeight;
  };
  useEffect(() => {
    const view = scroller.current;
    const column = view?.firstElementChild;
    if (!view || !column) return;
    let top = view.scrollTop;
    let height = view.scrollHeight;
    // The browser scrolls, too, as it learns how high messages are; the height then changes with it.
    const onScroll = (): void => {
      if (view.scrollHeight - view.scrollTop - view.clientHeight < NEAR_PX) atEnd.current = true;
      else if (view.scrollTop < top && view.scrollHeight === height) atEnd.current = false;
      top = view.scrollTop;
      height = view.scrollHeight;
    };
    const grown = new ResizeObserver(() => atEnd.current && toEnd());
    view.addEventListener("scroll", onScroll, { passive: true });
    grown.observe(column);
    grown.observe(view);
    return () => (view.removeEventListener("scroll", onScroll), grown.disconnect());
  }, []);
  useEffect(() => {
    atEnd.current = true;
    toEnd();
  }, [conversation, length]);
}

import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { day } from "../format";
import { Icon, IconButton } from "../icons";
import type { Conversation } from "../model";
import { chatHref, goToChat } from "../route";
import { change, conversations, openId, remove } from "../store/conversations";
import { exportAll, exportJson, exportMarkdown, importFile, importTrouble } from "./transferring";

export const sidebarOpen = signal(false);

export function Sidebar() {
  const search = useSignal("");
  const words = search.value.trim().toLowerCase();
  const all = conversations.value;
  const found = words ? all.filter((one) => one.title.toLowerCase().includes(words)) : all;
  const close = (): void => void (sidebarOpen.value = false);
  return (
    <nav class="sidebar" data-open={sidebarOpen.value} aria-label="Conversations">
      <div class="row">
        <a class="main wide-link" href={chatHref(null)} onClick={close}>
          <Icon name="plus" />
          New conversation
        </a>
        <IconButton class="narrow-only" icon="close" label="Close the list" onClick={close} />
      </div>
      {all.length > 6 && (
        <input
          type="search"
          placeholder="Search titles"
          aria-label="Search titles"
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
      )}
      <ul class="conversations" onClick={(event) => (event.target as Element).closest("a") && close()}>
        {found.map((one) => (
          <Entry key={one.id} one={one} open={one.id === openId.value} />
        ))}
      </ul>
      {importTrouble.value && (
        <p class="trouble" role="alert">
          {importTrouble.value}
        </p>
      )}
      <div class="row foot">
        <ImportButton />
        <button type="button" class="quiet" disabled={all.length === 0} onClick={() => void exportAll()}>
          Export all
        </button>
      </div>
    </nav>
  );
}

function Entry({ one, open }: { one: Conversation; open: boolean }) {
  const menu = useSignal(false);
  const renaming = useSignal(false);
  const more = useRef<HTMLButtonElement>(null);
  if (renaming.value) {
    const done = (title: string): void => {
      renaming.value = false;
      if (title.trim() && title.trim() !== one.title) void change(one.id, { title: title.trim().slice(0, 200) });
    };
    return (
      <li>
        <input
          class="rename"
          aria-label="Title"
          defaultValue={one.title}
          ref={(input) => input?.focus()}
          onBlur={(event) => done(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") done(event.currentTarget.value);
            if (event.key === "Escape") (event.stopPropagation(), (renaming.value = false));
          }}
        />
      </li>
    );
  }
  const act = (what: () => unknown) => (): void => {
    menu.value = false;
    more.current?.focus();
    what();
  };
  const erase = async (): Promise<void> => {
    if (!confirm(`Delete “${one.title}”? This cannot be undone.`)) return;
    if (open) goToChat(null, true);
    await remove(one.id);
  };
  return (
    <li>
      <a href={chatHref(one.id)} aria-current={open ? "page" : undefined} title={one.title}>
        <span class="title" dir="auto">
          {one.title}
        </span>
        <time>{day(one.updated)}</time>
      </a>
      <button
        type="button"
        ref={more}
        class="icon-button"
        aria-label={`More for ${one.title}`}
        aria-haspopup="menu"
        aria-expanded={menu.value}
        onClick={() => (menu.value = !menu.value)}
      >
        <Icon name="more" />
      </button>
      {menu.value && (
        <Menu close={() => (menu.value = false)} button={more}>
          <button type="button" role="menuitem" onClick={() => ((menu.value = false), (renaming.value = true))}>
            Rename
          </button>
          <button type="button" role="menuitem" onClick={act(() => exportMarkdown(one))}>
            Export as Markdown
          </button>
          <button type="button" role="menuitem" onClick={act(() => exportJson(one))}>
            Export as JSON
          </button>
          <button type="button" role="menuitem" class="danger" onClick={act(() => erase())}>
            Delete
          </button>
        </Menu>
      )}
    </li>
  );
}

interface MenuProps {
  close: () => void;
  button: { current: HTMLElement | null };
  children: preact.ComponentChildren;
}

/** Closes by Escape and by whatever else is clicked; arrows go through it. */
function Menu({ close, button, children }: MenuProps) {
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    menu.current?.querySelector("button")?.focus();
    const outside = (event: Event): void => {
      const target = event.target as Node;
      if (!menu.current?.contains(target) && !button.current?.contains(target)) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const items = [...(menu.current?.querySelectorAll("button") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) (event.preventDefault(), items.at((at + step) % items.length)?.focus());
    if (event.key === "Tab") close();
    if (event.key === "Escape") (event.stopPropagation(), close(), button.current?.focus());
  };
  return (
    <div class="menu" role="menu" ref={menu} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

function ImportButton() {
  const input = useRef<HTMLInputElement>(null);
  const read = async (): Promise<void> => {
    const file = input.current?.files?.[0];
    if (file) await importFile(file);
    if (input.current) input.current.value = "";
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => input.current?.click()}>
        Import
      </button>
      <input
        ref={input}
        class="off-screen"
        type="file"
        accept=".json,application/json"
        tabIndex={-1}
        aria-hidden="true"
        onChange={() => void read()}
      />
    </>
  );
}

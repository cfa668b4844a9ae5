import { batch, computed, signal, type Signal } from "@preact/signals";
import { newId, type Conversation, type Message, type Sampling } from "../model";
import { childrenOf, newestLeaf, pathTo } from "../tree";
import { openDatabase, type Database } from "./database";
import { defaults } from "./defaults";
import { onWord, tellTabs } from "./tabs";

/** How long another tab has to say that it is writing an answer. */
const REPLY_MS = 600;
const ASK_AGAIN_MS = 5_000;

let database: Database;

/** All conversations, the latest first. */
export const conversations = signal<Conversation[]>([]);
export const lasting = signal(true);

/** The one that is open. A message is a signal, so a token renders its message and no other. */
export const openId = signal<string | null>(null);
const messages = signal<ReadonlyMap<string, Signal<Message>>>(new Map());
/** The tree, which tokens do not change. */
const nodes = computed(() => {
  const all = new Map<string, { id: string; parent: string | null; message: Signal<Message> }>();
  for (const [id, message] of messages.value) all.set(id, { id, parent: message.peek().parent, message });
  return all;
});
const children = computed(() => childrenOf(nodes.value));

export const openConversation = computed(
  () => conversations.value.find((conversation) => conversation.id === openId.value) ?? null,
);
const leaf = computed(() => openConversation.value?.leaf ?? null);
/** The branch that is shown. */
export const path = computed(() => pathTo(nodes.value, leaf.value).map((node) => node.message));

/** Answers that this tab is writing, also of conversations that are not open. */
export const writing = signal<ReadonlyMap<string, Signal<Message>>>(new Map());

export async function startConversations(): Promise<void> {
  database = await openDatabase();
  lasting.value = database.lasting;
  await readList();
  onWord((word) => {
    if (word.kind === "list") void readList();
    else if (word.kind === "message") hear(word.message);
    else reply(word.id);
  });
  setInterval(() => askForWriters(), ASK_AGAIN_MS);
}

async function readList(): Promise<void> {
  const all = await database.conversations();
  conversations.value = all.sort((a, b) => b.updated - a.updated);
}

function replaceInList(changed: Conversation): void {
  const others = conversations.peek().filter((other) => other.id !== changed.id);
  conversations.value = [changed, ...others].sort((a, b) => b.updated - a.updated);
}

/** Counts calls of `open`: the last one wins, not the one whose messages came last. */
let opening = 0;

/** Opens one, or none for a new one. Nothing is shown of a conversation that is not there. */
export async function open(id: string | null): Promise<void> {
  if (id === openId.peek()) return;
  const call = ++opening;
  const found = id === null ? [] : await database.messages(id);
  if (call !== opening) return;
  const all = new Map(found.map((m) => [m.id, writing.peek().get(m.id) ?? signal(m)] as const));
  batch(() => {
    openId.value = id;
    messages.value = all;
  });
  askForWriters();
}

export async function create(title: string, first: Partial<Conversation> = {}): Promise<Conversation> {
  const now = Date.now();
  const { system, sampling } = defaults();
  const fresh = { id: newId(), title, created: now, updated: now, system, sampling, leaf: null, ...first };
  await database.add(fresh, []);
  replaceInList(fresh);
  tellTabs({ kind: "list" });
  return fresh;
}

/** Adds one that came from elsewhere. */
export async function adopt(conversation: Conversation, its: Message[]): Promise<void> {
  await database.add(conversation, its);
  replaceInList(conversation);
  tellTabs({ kind: "list" });
}

export async function change(id: string, by: Partial<Conversation>): Promise<void> {
  const changed = await database.change(id, by);
  if (!changed) return;
  replaceInList(changed);
  tellTabs({ kind: "list" });
}

export async function remove(id: string): Promise<void> {
  await database.remove(id);
  conversations.value = conversations.peek().filter((other) => other.id !== id);
  tellTabs({ kind: "list" });
}

export function messagesOf(id: string): Promise<Message[]> {
  return database.messages(id);
}

/** Puts a message into the open conversation and makes it the end of what is shown. */
export async function append(message: Message): Promise<Signal<Message>> {
  const fresh = signal(message);
  await database.put(message);
  const changed = await database.change(message.conversation, { leaf: message.id, updated: message.at });
  batch(() => {
    if (message.conversation === openId.peek()) {
      messages.value = new Map(messages.peek()).set(message.id, fresh);
    }
    if (changed) replaceInList(changed);
  });
  tellTabs({ kind: "message", message });
  tellTabs({ kind: "list" });
  return fresh;
}

/** Keeps a message as it is now, and shows it to other tabs. */
export function keep(message: Message): Promise<void> {
  tellTabs({ kind: "message", message });
  return database.put(message);
}

/** The messages beside one, with itself, oldest first. */
export function siblings(id: string): string[] {
  const parent = nodes.value.get(id)?.parent ?? null;
  const those = children.value.get(parent !== null && nodes.value.has(parent) ? parent : null) ?? [];
  return those.map((node) => node.id);
}

export async function showBranch(through: string): Promise<void> {
  const conversation = openId.peek();
  if (conversation === null) return;
  await change(conversation, { leaf: newestLeaf(children.peek(), through) });
}

export async function setPreferences(id: string, system: string, sampling: Sampling): Promise<void> {
  await change(id, { system, sampling });
}

function hear(message: Message): void {
  heard.add(message.id);
  if (message.conversation !== openId.peek()) return;
  const known = messages.peek().get(message.id);
  if (known) known.value = message;
  else messages.value = new Map(messages.peek()).set(message.id, signal(message));
}

function reply(id: string): void {
  const mine = writing.peek().get(id);
  if (mine) tellTabs({ kind: "message", message: mine.peek() });
}

/** Answers of which other tabs told something since they were asked. */
const heard = new Set<string>();

/**
 * An answer that is being written has a tab that writes it. If none says so, the tab was closed or
 * reloaded: the answer is cut off, and can be continued.
 */
function askForWriters(): void {
  const orphans = [...messages.peek().values()].filter(
    (message) => message.peek().state === "writing" && !writing.peek().has(message.peek().id),
  );
  if (orphans.length === 0) return;
  for (const orphan of orphans) {
    heard.delete(orphan.peek().id);
    tellTabs({ kind: "asking", id: orphan.peek().id });
  }
  setTimeout(() => {
    for (const orphan of orphans) {
      const now = orphan.peek();
      if (now.state !== "writing" || heard.has(now.id)) continue;
      orphan.value = { ...now, state: "cut", trouble: CLOSED };
      void keep(orphan.peek());
    }
  }, REPLY_MS);
}

export const CLOSED = { kind: "lost", text: "The page was closed or reloaded while this was written." } as const;

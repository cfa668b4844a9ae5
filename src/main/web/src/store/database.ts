import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Conversation, Message } from "../model";

interface Schema extends DBSchema {
  conversations: { key: string; value: Conversation };
  messages: { key: string; value: Message; indexes: { conversation: string } };
}

/** Where conversations are kept. Every call is one transaction, so tabs do not undo each other. */
export interface Database {
  readonly lasting: boolean;
  conversations(): Promise<Conversation[]>;
  messages(conversation: string): Promise<Message[]>;
  add(conversation: Conversation, messages: Message[]): Promise<void>;
  /** Changes what is kept now. Nothing happens, and null is returned, where it has been deleted. */
  change(id: string, by: Partial<Conversation>): Promise<Conversation | null>;
  /** Not put where the conversation has been deleted. */
  put(message: Message): Promise<void>;
  remove(conversation: string): Promise<void>;
}

class IndexedDatabase implements Database {
  readonly lasting = true;

  constructor(private readonly db: IDBPDatabase<Schema>) {}

  conversations(): Promise<Conversation[]> {
    return this.db.getAll("conversations");
  }

  messages(conversation: string): Promise<Message[]> {
    return this.db.getAllFromIndex("messages", "conversation", conversation);
  }

  async add(conversation: Conversation, messages: Message[]): Promise<void> {
    const all = this.db.transaction(["conversations", "messages"], "readwrite");
    const kept = all.objectStore("messages");
    await Promise.all([
      all.objectStore("conversations").put(conversation),
      ...messages.map((message) => kept.put(message)),
      all.done,
    ]);
  }

  async change(id: string, by: Partial<Conversation>): Promise<Conversation | null> {
    const change = this.db.transaction("conversations", "readwrite");
    const kept = await change.store.get(id);
    const changed = kept ? { ...kept, ...by } : null;
    if (changed) await change.store.put(changed);
    await change.done;
    return changed;
  }

  async put(message: Message): Promise<void> {
    const put = this.db.transaction(["conversations", "messages"], "readwrite");
    const there = await put.objectStore("conversations").getKey(message.conversation);
    if (there !== undefined) await put.objectStore("messages").put(message);
    await put.done;
  }

  async remove(conversation: string): Promise<void> {
    const remove = this.db.transaction(["conversations", "messages"], "readwrite");
    await remove.objectStore("conversations").delete(conversation);
    const messages = remove.objectStore("messages");
    const keys = await messages.index("conversation").getAllKeys(conversation);
    await Promise.all([...keys.map((key) => messages.delete(key)), remove.done]);
  }
}

/** Where the browser keeps nothing (private windows of some): as long as the page is open. */
class MemoryDatabase implements Database {
  readonly lasting = false;
  private readonly heads = new Map<string, Conversation>();
  private readonly texts = new Map<string, Message>();

  async conversations(): Promise<Conversation[]> {
    return [...this.heads.values()];
  }

  async messages(conversation: string): Promise<Message[]> {
    return [...this.texts.values()].filter((message) => message.conversation === conversation);
  }

  async add(conversation: Conversation, messages: Message[]): Promise<void> {
    this.heads.set(conversation.id, conversation);
    for (const message of messages) this.texts.set(message.id, message);
  }

  async change(id: string, by: Partial<Conversation>): Promise<Conversation | null> {
    const kept = this.heads.get(id);
    if (!kept) return null;
    const changed = { ...kept, ...by };
    this.heads.set(id, changed);
    return changed;
  }

  async put(message: Message): Promise<void> {
    if (this.heads.has(message.conversation)) this.texts.set(message.id, message);
  }

  async remove(conversation: string): Promise<void> {
    this.heads.delete(conversation);
    for (const message of await this.messages(conversation)) this.texts.delete(message.id);
  }
}

export async function openDatabase(): Promise<Database> {
  try {
    const db = await openDB<Schema>("dllama", 1, {
      upgrade(fresh) {
        fresh.createObjectStore("conversations", { keyPath: "id" });
        fresh.createObjectStore("messages", { keyPath: "id" }).createIndex("conversation", "conversation");
      },
      // A newer page in another tab must not wait for this one.
      blocking: () => db.close(),
    });
    return new IndexedDatabase(db);
  } catch {
    return new MemoryDatabase();
  }
}

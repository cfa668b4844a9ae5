import { signal } from "@preact/signals";
import type { Conversation } from "../model";
import { goToChat } from "../route";
import { adopt, conversations, messagesOf } from "../store/conversations";
import { download, fromJson, MAX_FILE_BYTES, toJson, toMarkdown } from "../store/transfer";

/** Why the last file could not be read. */
export const importTrouble = signal<string | null>(null);

export async function exportMarkdown(conversation: Conversation): Promise<void> {
  const text = toMarkdown({ conversation, messages: await messagesOf(conversation.id) });
  download(`${conversation.title}.md`, "text/markdown", text);
}

export async function exportJson(conversation: Conversation): Promise<void> {
  const text = toJson([{ conversation, messages: await messagesOf(conversation.id) }]);
  download(`${conversation.title}.json`, "application/json", text);
}

export async function exportAll(): Promise<void> {
  const all = conversations.peek().map(async (conversation) => ({
    conversation,
    messages: await messagesOf(conversation.id),
  }));
  download("conversations.json", "application/json", toJson(await Promise.all(all)));
}

export async function importFile(file: File): Promise<void> {
  importTrouble.value = null;
  try {
    if (file.size > MAX_FILE_BYTES) throw new Error("This file is larger than 64 MB.");
    const read = fromJson(await file.text());
    for (const { conversation, messages } of read) await adopt(conversation, messages);
    const first = read[0];
    if (first) goToChat(first.conversation.id);
  } catch (error) {
    importTrouble.value = error instanceof Error ? error.message : String(error);
  }
}

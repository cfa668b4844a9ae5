import { newId, titleOf, type Conversation, type Message, type Role, type ToolCall } from "../model";
import { pathTo } from "../tree";
import { sane } from "./defaults";

/** The file form of conversations; `version` changes when an older page could not read it. */
interface File {
  format: "dllama-conversations";
  version: 1;
  conversations: { conversation: Conversation; messages: Message[] }[];
}

export type Whole = File["conversations"][number];

const ROLES: Role[] = ["user", "assistant", "tool"];
/** Larger files are no conversations, and would only make the browser slow. */
export const MAX_FILE_BYTES = 64_000_000;

export function toJson(all: Whole[]): string {
  const file: File = { format: "dllama-conversations", version: 1, conversations: all };
  return JSON.stringify(file, null, 2);
}

/** The branch that is shown, as a text that people read. */
export function toMarkdown({ conversation, messages }: Whole): string {
  const shown = pathTo(new Map(messages.map((message) => [message.id, message])), conversation.leaf);
  const parts = [`# ${conversation.title}`];
  if (conversation.system) parts.push(`**System prompt**\n\n${conversation.system}`);
  for (const message of shown) {
    parts.push(`## ${message.role === "user" ? "You" : message.role === "tool" ? "Tool" : "Assistant"}`);
    if (message.reasoning) parts.push(quote(`*Thinking*\n\n${message.reasoning.trim()}`));
    if (message.text) parts.push(message.text.trim());
    for (const call of message.toolCalls ?? []) {
      parts.push(`Tool call \`${call.name}\`\n\n\`\`\`json\n${call.arguments}\n\`\`\``);
    }
  }
  return parts.join("\n\n") + "\n";
}

function quote(text: string): string {
  return text.replace(/^/gm, "> ").replace(/ $/gm, "");
}

/** Reads a file. Ids are given anew, so that reading one twice makes two. Throws what to tell. */
export function fromJson(text: string): Whole[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw new Error("This file is not JSON. Choose one that was exported as JSON here.");
  }
  const list = isRecord(file) && file["format"] === "dllama-conversations" ? file["conversations"] : null;
  if (!Array.isArray(list)) throw new Error("This file holds no conversations exported here.");
  return list.map((entry: unknown, index) => {
    if (!isRecord(entry) || !isRecord(entry["conversation"]) || !Array.isArray(entry["messages"])) {
      throw new Error(`Conversation ${index + 1} of this file is damaged.`);
    }
    return renamed(entry["conversation"], entry["messages"].filter(isRecord));
  });
}

function renamed(conversation: Record<string, unknown>, messages: Record<string, unknown>[]): Whole {
  const id = newId();
  const ids = new Map<unknown, string>();
  // Ids keep their order, which is that of siblings.
  const inOrder = [...messages].sort((a, b) => (text(a["id"]) < text(b["id"]) ? -1 : 1));
  const stem = newId();
  inOrder.forEach((message, i) => ids.set(message["id"], stem + i.toString(36).padStart(6, "0")));
  const now = Date.now();
  const copies = messages.map((message) => copy(message, id, ids, now));
  const leaf = ids.get(conversation["leaf"]) ?? copies.at(-1)?.id ?? null;
  const title = titleOf(text(conversation["title"]));
  const system = text(conversation["system"]);
  const created = time(conversation["created"], now);
  const sentFrom = ids.get(conversation["sentFrom"]);
  const head = { id, title, created, updated: now, system, sampling: sane(conversation["sampling"]), leaf };
  return { conversation: sentFrom ? { ...head, sentFrom } : head, messages: copies };
}

function copy(from: Record<string, unknown>, conversation: string, ids: Map<unknown, string>, now: number): Message {
  const role = ROLES.find((known) => known === from["role"]) ?? "user";
  const state = from["state"] === "done" || role !== "assistant" ? "done" : "stopped";
  const message: Message = {
    id: ids.get(from["id"]) ?? newId(),
    conversation,
    parent: ids.get(from["parent"]) ?? null,
    at: time(from["at"], now),
    role,
    text: text(from["text"]),
    state,
  };
  if (typeof from["reasoning"] === "string") message.reasoning = from["reasoning"];
  if (typeof from["model"] === "string") message.model = from["model"];
  if (Array.isArray(from["toolCalls"])) message.toolCalls = from["toolCalls"].filter(isRecord).map(toolCall);
  if (isRecord(from["timings"])) message.timings = numbers(from["timings"]);
  return message;
}

function toolCall(from: Record<string, unknown>): ToolCall {
  return { id: text(from["id"]), name: text(from["name"]), arguments: text(from["arguments"]) };
}

function numbers(from: Record<string, unknown>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(from).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function time(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Has the browser save a file. */
export function download(name: string, type: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name.replace(/[^\p{L}\p{N} ._-]+/gu, "_").slice(0, 80);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

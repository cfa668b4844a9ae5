/** What a chat is made of. All of it is kept in the browser (see store/database). */

export type Role = "user" | "assistant" | "tool";

/**
 * `writing`: an answer is coming in, in the tab that asked for it. `stopped`: by the user.
 * `cut`: it ended early (page reloaded, connection or cluster lost, refused); `trouble` says why.
 */
export type MessageState = "done" | "writing" | "stopped" | "cut";

export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

/** As the server tells it with an answer; times in ms. */
export interface Timings {
  prompt_n?: number;
  prompt_ms?: number;
  prompt_per_second?: number;
  cache_n?: number;
  predicted_n?: number;
  predicted_ms?: number;
  predicted_per_second?: number;
  sync_ms?: number;
}

export type TroubleKind = "key" | "busy" | "context" | "lost" | "network" | "refused" | "server";

export interface Trouble {
  kind: TroubleKind;
  text: string;
}

/**
 * Messages form a tree: an edited question and a repeated answer stand beside the earlier one, under
 * the same parent. So nothing is overwritten, also not by another tab with the same conversation.
 */
export interface Message {
  id: string;
  conversation: string;
  parent: string | null;
  at: number;
  role: Role;
  text: string;
  reasoning?: string;
  reasoningMs?: number;
  toolCalls?: ToolCall[];
  state: MessageState;
  finish?: string;
  trouble?: Trouble;
  timings?: Timings;
  model?: string;
}

/** Absent: the server's default holds. */
export interface Sampling {
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  seed?: number;
  max_tokens?: number;
}

export interface Conversation {
  id: string;
  title: string;
  created: number;
  updated: number;
  system: string;
  sampling: Sampling;
  /** The last message of the branch that is shown. */
  leaf: string | null;
  /** Messages before this one are shown, but no longer sent: the context was full. */
  sentFrom?: string;
}

/** Ids sort by time. `crypto.randomUUID` is not there on a page of a home network without TLS. */
export function newId(): string {
  const random = crypto.getRandomValues(new Uint32Array(2));
  const tail = [...random].map((n) => n.toString(36).padStart(7, "0")).join("");
  return Date.now().toString(36).padStart(9, "0") + tail;
}

const TITLE_LENGTH = 60;

export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  if (line.length <= TITLE_LENGTH) return line || "Untitled";
  const cut = line.slice(0, TITLE_LENGTH);
  const space = cut.lastIndexOf(" ");
  return (space > TITLE_LENGTH / 2 ? cut.slice(0, space) : cut) + "…";
}

import { signal } from "@preact/signals";

/** What a screen reader is told next, politely: it is read when the user is not busy. */
export const announcement = signal("");

/** What is told within this time of something else waits for its end: a region shows one text only. */
const TOGETHER_MS = 300;

let waiting: string[] = [];
let telling = false;

export function announce(text: string): void {
  waiting.push(text);
  if (!telling) tell();
}

function tell(): void {
  telling = waiting.length > 0;
  if (!telling) return;
  const text = waiting.join(" ");
  waiting = [];
  // The same words twice are two announcements.
  announcement.value = announcement.peek() === text ? text + "\u00a0" : text;
  setTimeout(tell, TOGETHER_MS);
}

/**
 * Reads an answer aloud by paragraphs, not by tokens: a screen reader that is told every token says
 * nothing to its end.
 */
export class AnswerReader {
  private read = 0;

  update(text: string): void {
    const end = text.lastIndexOf("\n\n");
    if (end > this.read) this.say(text.slice(this.read, end), end);
  }

  end(text: string, last: string): void {
    announce([plain(text.slice(this.read)), last].filter(Boolean).join(" "));
    this.read = text.length;
  }

  private say(part: string, end: number): void {
    announce(plain(part));
    this.read = end;
  }
}

function plain(markdown: string): string {
  return markdown
    .replace(/^```.*$/gm, "")
    .replace(/[*_`#>|]+/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim();
}

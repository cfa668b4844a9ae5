import { signal, type Signal } from "@preact/signals";
import { AnswerReader, announce } from "./announce";
import { chat, type Part, type Turn } from "./api/chat";
import { ApiError } from "./api/errors";
import { askForKey } from "./api/key";
import { forgetModel, modelId } from "./api/models";
import { newId, titleOf, type Conversation, type Message, type ToolCall } from "./model";
import { append, CLOSED, change, create, keep, open, openConversation, path, writing } from "./store/conversations";
import { goToChat } from "./route";

/** How often an answer that comes in is kept, and shown to other tabs. */
const KEEP_MS = 400;
const TRIES = 5;
const MAX_TOOL_CALLS = 128;

const stops = new Map<string, AbortController>();

/** Why an answer waits, and until when, before it is asked for again; by its id. */
export const retries = signal<ReadonlyMap<string, { why: string; at: number }>>(new Map());

/** Says something in the open conversation, or in a new one, and has it answered. */
export async function say(text: string, settings: Partial<Conversation> = {}): Promise<void> {
  let conversation = openConversation.peek();
  if (!conversation) {
    conversation = await create(titleOf(text), settings);
    await open(conversation.id);
    goToChat(conversation.id);
  }
  await ask(conversation, conversation.leaf, text);
}

/** Puts another question beside one that was asked, and has it answered. */
export async function edit(question: Message, text: string): Promise<void> {
  const conversation = openConversation.peek();
  if (conversation) await ask(conversation, question.parent, text);
}

async function ask(conversation: Conversation, parent: string | null, text: string): Promise<void> {
  const { id } = conversation;
  const question: Message = { id: newId(), conversation: id, parent, at: Date.now(), role: "user", text, state: "done" };
  await append(question);
  await answer(conversation, question, historyTo(parent).concat(question));
}

/** Another answer to the question before this one; the earlier answer stays beside it. */
export async function regenerate(earlier: Message): Promise<void> {
  const conversation = openConversation.peek();
  const before = historyTo(earlier.parent);
  const question = before.at(-1);
  if (conversation && question) await answer(conversation, question, before);
}

async function answer(conversation: Conversation, question: Message, before: Message[]): Promise<void> {
  const fresh = await append({
    id: newId(),
    conversation: conversation.id,
    parent: question.id,
    at: Date.now(),
    role: "assistant",
    text: "",
    state: "writing",
  });
  await write(conversation, fresh, turns(conversation, before));
}

/** Goes on with an answer that ended early. */
export async function resume(cut: Signal<Message>): Promise<void> {
  const conversation = openConversation.peek();
  const now = cut.peek();
  if (!conversation || writing.peek().has(now.id)) return;
  const before = turns(conversation, historyTo(now.parent));
  cut.value = { ...now, state: "writing", trouble: undefined, finish: undefined } as Message;
  const text = now.text === "" ? before : [...before, { role: "assistant" as const, content: now.text }];
  await write(conversation, cut, text);
}

/** No longer sends the older half of what is sent, and tries again. */
export async function forgetOldest(cut: Signal<Message>): Promise<void> {
  const conversation = openConversation.peek();
  if (!conversation) return;
  const sent = sentOf(conversation, historyTo(cut.peek().parent));
  const half = sent.slice(Math.ceil(sent.length / 2)).find((message) => message.role === "user");
  if (!half || half.id === sent[0]?.id) return;
  await change(conversation.id, { sentFrom: half.id });
  await resume(cut);
}

export function stop(id: string): void {
  stops.get(id)?.abort();
}

function historyTo(leaf: string | null): Message[] {
  const shown = path.peek().map((message) => message.peek());
  const end = shown.findIndex((message) => message.id === leaf);
  return shown.slice(0, end + 1);
}

function sentOf(conversation: Conversation, before: Message[]): Message[] {
  const from = before.findIndex((message) => message.id === conversation.sentFrom);
  return from < 0 ? before : before.slice(from);
}

/** What the model is told. Its earlier thoughts are not; an answer of which nothing came neither. */
function turns(conversation: Conversation, before: Message[]): Turn[] {
  const system: Turn[] = conversation.system.trim() ? [{ role: "system", content: conversation.system }] : [];
  const said = sentOf(conversation, before).filter((message) => message.role === "user" || message.text !== "");
  return system.concat(said.map((message) => ({ role: message.role, content: message.text })));
}

/** Writes an answer, from the first try to the last token. Never throws: what went wrong is in it. */
async function write(conversation: Conversation, message: Signal<Message>, said: Turn[]): Promise<void> {
  const { id } = message.peek();
  const stopping = new AbortController();
  stops.set(id, stopping);
  writing.value = new Map(writing.peek()).set(id, message);
  announce("The answer begins.");
  const writer = new Writer(message);
  try {
    await tryToWrite(conversation, said, writer, stopping.signal, id);
    writer.end({ state: "done" });
  } catch (error) {
    if (stopping.signal.aborted) writer.end(stopping.signal.reason === LEAVING ? { state: "cut", trouble: CLOSED } : { state: "stopped" });
    else writer.end({ state: "cut", trouble: troubleOf(error) });
  } finally {
    stops.delete(id);
    const others = new Map(writing.peek());
    others.delete(id);
    writing.value = others;
    await keep(message.peek());
    await change(conversation.id, { updated: Date.now() });
  }
}

function troubleOf(error: unknown) {
  if (error instanceof ApiError) return error.trouble();
  return { kind: "server" as const, text: `Something went wrong in this page: ${String(error)}` };
}

async function tryToWrite(conversation: Conversation, said: Turn[], writer: Writer, signal: AbortSignal, id: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const model = await modelId(signal);
      for await (const part of chat(model, said, conversation.sampling, signal)) writer.add(part);
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || signal.aborted || writer.began) throw error;
      if (error.kind === "busy" && error.retryAfter !== null && tries < TRIES) {
        await pause(id, error.message, error.retryAfter * 1000, signal);
      } else if (error.kind === "key") {
        if (!(await askForKey(error.message))) throw error;
      } else {
        forgetModel();
        throw error;
      }
    }
  }
}

async function pause(id: string, why: string, ms: number, signal: AbortSignal): Promise<void> {
  retries.value = new Map(retries.peek()).set(id, { why, at: Date.now() + ms });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
    });
  } finally {
    const others = new Map(retries.peek());
    others.delete(id);
    retries.value = others;
  }
}

/** Puts what comes in into a message: at once where it is shown, now and then where it is kept. */
class Writer {
  began = false;
  private parts: Part[] = [];
  private frame = 0;
  private kept = 0;
  private thinkingSince = 0;
  private readonly reader = new AnswerReader();

  constructor(private readonly message: Signal<Message>) {}

  /** What comes within a frame is shown together. A page that is not seen has no frames. */
  add(part: Part): void {
    if (part.text || part.reasoning || part.toolCalls) this.began = true;
    this.parts.push(part);
    if (document.hidden) this.show();
    else this.frame ||= requestAnimationFrame(() => this.show());
  }

  end(by: Partial<Message>): void {
    this.show();
    const now = this.message.peek();
    this.message.value = { ...now, ...by };
    const words = by.state === "done" ? "Answer complete." : by.state === "stopped" ? "Stopped." : (by.trouble?.text ?? "");
    this.reader.end(now.text, words);
  }

  private show(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (this.parts.length === 0) return;
    const next = { ...this.message.peek() };
    for (const part of this.parts) this.put(next, part);
    this.parts = [];
    this.message.value = next;
    this.reader.update(next.text);
    const now = Date.now();
    if (now - this.kept < KEEP_MS) return;
    this.kept = now;
    void keep(next);
  }

  private put(next: Message, part: Part): void {
    if (part.reasoning) {
      this.thinkingSince ||= Date.now();
      next.reasoning = (next.reasoning ?? "") + part.reasoning;
      next.reasoningMs = Date.now() - this.thinkingSince;
    }
    if (part.text) next.text += part.text;
    if (part.finish) next.finish = part.finish;
    if (part.model) next.model = part.model;
    if (part.timings) next.timings = { ...next.timings, ...part.timings };
    for (const call of part.toolCalls ?? []) {
      if (!(call.index >= 0 && call.index < MAX_TOOL_CALLS)) continue;
      const calls: ToolCall[] = [...(next.toolCalls ?? [])];
      const known = calls[call.index] ?? { id: "", name: "", arguments: "" };
      calls[call.index] = {
        id: call.id ?? known.id,
        name: known.name + (call.function?.name ?? ""),
        arguments: known.arguments + (call.function?.arguments ?? ""),
      };
      next.toolCalls = calls;
    }
  }
}

const LEAVING = "the page is left";

/** A page that is left stops its answers; the next one finds them as far as they came. */
export function stopWhenLeft(): void {
  addEventListener("pagehide", () => {
    for (const stopping of stops.values()) stopping.abort(LEAVING);
    for (const message of writing.peek().values()) void keep({ ...message.peek(), state: "cut", trouble: CLOSED });
  });
}

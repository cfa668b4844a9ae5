/** A file as the page exports it, with one conversation. `texts` are questions and answers in turn. */
export function conversationFile(title, texts) {
  const messages = texts.map((text, i) => ({
    id: `m${String(i).padStart(6, "0")}`,
    conversation: "c",
    parent: i === 0 ? null : `m${String(i - 1).padStart(6, "0")}`,
    at: 1_700_000_000_000 + i,
    role: i % 2 === 0 ? "user" : "assistant",
    text,
    state: "done",
  }));
  const conversation = { id: "c", title, created: 1, updated: 1, system: "", sampling: {}, leaf: messages.at(-1).id };
  return { format: "dllama-conversations", version: 1, conversations: [{ conversation, messages }] };
}

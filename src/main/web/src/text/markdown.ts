import DOMPurify from "dompurify";
import { Marked, type Token } from "marked";
import { highlight } from "./highlight";

/**
 * Markdown to elements. HTML in an answer is shown as text, pictures as links (a picture's address
 * would tell another server that, and what, one reads), and what is left goes through DOMPurify: an
 * answer is never trusted.
 */
const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ href, text }) => link(href, escape(text || href)),
    link({ href, tokens }) {
      return link(href, this.parser.parseInline(tokens));
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    code: ({ text, lang }) => {
      const language = /^[\w+#.-]+/.exec(lang ?? "")?.[0] ?? "";
      const code = (plainCode ? null : highlight(text, language)) ?? escape(text);
      return `<pre data-language="${escape(language)}"><code>${code}</code></pre>`;
    },
  },
});

const ALLOWED_TAGS = (
  "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong sub sup table tbody td th thead tr ul"
).split(" ");
const ALLOWED_ATTR = ["href", "class", "data-language", "align", "start", "title"];

DOMPurify.addHook("afterSanitizeAttributes", (element) => {
  if (element.tagName !== "A") return;
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer nofollow");
});

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function link(href: string, label: string): string {
  return /^(https?|mailto):/i.test(href) ? `<a href="${escape(href)}">${label}</a>` : label;
}

/** The blocks of a text: paragraphs, lists, code, the space between, … */
export function blocksOf(text: string): Token[] {
  return marked.lexer(text);
}

let plainCode = false;

/** One block as elements; `quick`: code without colours. */
export function render(block: Token, quick: boolean): DocumentFragment {
  plainCode = quick;
  const html = marked.parser([block]);
  const fragment = DOMPurify.sanitize(html, {
    ALLOWED_TAGS,
    ALLOWED_ATTR,
    ALLOW_DATA_ATTR: false,
    ADD_URI_SAFE_ATTR: ["align", "data-language", "start"],
    ALLOWED_URI_REGEXP: /^(https?|mailto):/i,
    RETURN_DOM_FRAGMENT: true,
  });
  fragment.querySelectorAll("pre").forEach(frameCode);
  fragment.querySelectorAll("table").forEach(frameTable);
  return fragment;
}

/** Code gets a line with its language and a button, which MarkdownView listens to. */
function frameCode(pre: HTMLPreElement): void {
  const frame = document.createElement("div");
  frame.className = "code";
  const head = document.createElement("div");
  head.className = "code-head";
  const language = document.createElement("span");
  language.textContent = pre.dataset["language"] || "text";
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "copy-code";
  copy.textContent = "Copy";
  copy.setAttribute("aria-label", "Copy code");
  head.append(language, copy);
  pre.replaceWith(frame);
  // Long lines are scrolled to, also by keyboard.
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", `Code, ${language.textContent}`);
  frame.append(head, pre);
}

function frameTable(table: HTMLTableElement): void {
  const frame = document.createElement("div");
  frame.className = "wide";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Table");
  table.replaceWith(frame);
  frame.append(table);
}

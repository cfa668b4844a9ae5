import type { Token } from "marked";
import { blocksOf, render } from "./markdown";

/** Code that grows is coloured with every token up to here, and when it is whole. */
const COLOURED_LENGTH = 2_000;

/**
 * Shows a text that grows. Only its last block can still change, so the others are rendered once; a
 * long answer costs per token what its last paragraph does.
 */
export class GrowingText {
  private text = "";
  /** Where the last block begins, and how it was shown. */
  private lastFrom = 0;
  private lastShown = "";
  private readonly elements: HTMLElement[] = [];

  constructor(private readonly parent: HTMLElement) {}

  update(given: string, done: boolean): void {
    const text = given.includes("\r") ? given.replace(/\r\n?/g, "\n") : given;
    // Where a link's address may stand far below it, the end is seen as a whole.
    if (!text.startsWith(this.text) || (done && /^ {0,3}\[[^\]]+\]:/m.test(text))) this.clear();
    this.text = text;
    const rest = text.slice(this.lastFrom);
    const tokens = blocksOf(rest);
    const first = Math.max(0, this.elements.length - 1);
    let at = 0;
    let index = first;
    let lastAt = 0;
    const last = tokens.findLast(isShown);
    for (const token of tokens) {
      if (isShown(token)) {
        this.show(index++, token, token === last && !done);
        lastAt = at;
      }
      at += token.raw.length;
    }
    while (this.elements.length > index) this.elements.pop()?.remove();
    if (last) this.lastFrom += lastAt;
    // Not so, ever, but a wrong place would show a part twice.
    if (at !== rest.length) this.text = "\u0000";
  }

  private show(index: number, block: Token, growing: boolean): void {
    const quick = growing && block.type === "code" && block.raw.length > COLOURED_LENGTH;
    const shown = `${quick ? "quick" : "whole"}:${block.raw}`;
    const known = this.elements[index];
    if (known && shown === this.lastShown) return;
    const element = known ?? document.createElement("div");
    element.replaceChildren(render(block, quick));
    this.lastShown = shown;
    if (known) return;
    this.elements.push(element);
    this.parent.append(element);
  }

  private clear(): void {
    this.text = this.lastShown = "";
    this.lastFrom = 0;
    this.elements.length = 0;
    this.parent.replaceChildren();
  }
}

function isShown(token: Token): boolean {
  return token.type !== "space" && token.type !== "def";
}

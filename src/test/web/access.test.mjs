import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { answered, ask, conversationFile, importJson, mock, pageTest, send } from "./harness.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const RICH = "# Title\n\nText with `code` and [a link](https://a.invalid).\n\n```js\nconst x = 'y'; // note\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n> quoted";

/** Evaluated by the debugger, which the page's policy does not hold back. */
async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = violations.map((v) => `${what}: ${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any.map((a) => a.message)}`).join("; ")}`);
  assert.deepEqual(told, []);
}

for (const colorScheme of ["light", "dark"]) {
  pageTest(`shouldBeAccessible: ${colorScheme}`, { context: { colorScheme } }, async (page) => {
    await assertAccessible(page, "empty");
    const file = conversationFile("Rich", ["Show all", RICH]);
    file.conversations[0].messages[1].reasoning = "A thought";
    file.conversations[0].messages[1].toolCalls = [{ id: "1", name: "f", arguments: '{"a":1}' }];
    await importJson(page, file);
    await page.locator(".markdown h1").waitFor();
    await page.locator(".thinking summary").click();
    await assertAccessible(page, "chat");
    await page.getByRole("button", { name: "More for Rich" }).click();
    await assertAccessible(page, "menu");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Settings of this conversation" }).click();
    await assertAccessible(page, "settings");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Cluster", exact: true }).click();
    await page.locator(".facts").waitFor();
    await page.getByText("All figures as a table").click();
    await assertAccessible(page, "cluster");
  });
}

pageTest("shouldSwitchColoursAndKeepThem", { context: { colorScheme: "light" } }, async (page) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Colours: system" }).click();
  await page.getByRole("button", { name: "Colours: light" }).click();
  await page.getByRole("button", { name: "Colours: dark" }).waitFor();
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.reload();
  await page.locator("#composer").waitFor();
  assert.equal(await paper(), dark);
});

pageTest("shouldBeUsableByKeyboardAlone", async (page) => {
  await page.locator("header a").first().focus();
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("/");
  await page.keyboard.type("typed");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("lines");
  await page.keyboard.press("Enter");
  await answered(page);
  assert.equal(await page.locator(".bubble").innerText(), "typed\nlines");
  await page.getByRole("region", { name: "Messages" }).focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "Cluster", level: 1 }).waitFor();
  await page.keyboard.press("c");
  await answered(page);
  // The message field has the focus again, where letters are letters.
  await page.getByRole("region", { name: "Messages" }).focus();
  await page.keyboard.press("n");
  await page.locator(".welcome").waitFor();
});

pageTest("shouldTellScreenReadersParagraphsAndNotTokens", { mock: true }, async (page) => {
  await page.evaluate(() => {
    globalThis.heard = [];
    const region = document.querySelector("[role=status][aria-live=polite]");
    new MutationObserver(() => region.textContent && globalThis.heard.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true });
  });
  await ask(page, "say First **paragraph** here.\n\nSecond paragraph.\n\nThe end.");
  await page.waitForFunction(() => globalThis.heard.join(" ").includes("Answer complete."));
  const heard = await page.evaluate(() => globalThis.heard);
  assert.ok(heard.length >= 2 && heard.length <= 6, JSON.stringify(heard));
  assert.equal(heard[0], "The answer begins.");
  assert.match(heard.join(" "), /First paragraph here\..*Second paragraph\..*The end\. Answer complete\.$/s);
});

for (const width of [320, 412]) {
  pageTest(`shouldFitAPhone: ${width} px`, { context: { viewport: { width, height: 640 }, hasTouch: true, isMobile: true } }, async (page) => {
    const fits = async (what) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${what} is ${wide} px wide`);
      const outside = await page.evaluate((w) => [...document.querySelectorAll("header *, .composer *, .below *")].filter((e) => e.getBoundingClientRect().right > w + 0.5).map((e) => e.outerHTML.slice(0, 90)), width);
      assert.deepEqual(outside, [], what);
    };
    await fits("empty");
    await page.getByRole("button", { name: "Conversations" }).tap();
    const word = "x".repeat(300);
    await importJson(page, conversationFile(word, [word, `${RICH}\n\n${word}\n\n\`\`\`\n${word}\n\`\`\``]));
    await answered(page);
    await page.getByRole("button", { name: "Close the list" }).tap();
    await page.locator(".sidebar").waitFor({ state: "hidden" });
    await fits("chat");
    await page.locator("#composer").fill("from a phone");
    await page.getByRole("button", { name: "Send", exact: true }).tap();
    await answered(page, 1);
    await fits("answer");
    await page.getByRole("button", { name: "Settings of this conversation" }).tap();
    await fits("settings");
    await page.getByRole("button", { name: "Cancel" }).tap();
    await page.getByRole("link", { name: "Cluster", exact: true }).tap();
    await page.locator(".facts").waitFor();
    await fits("cluster");
  });
}

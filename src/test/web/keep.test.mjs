import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { answered, answers, ask, baseUrl, conversationFile, importJson, mock, pageTest, send, TIMEOUT } from "./harness.mjs";

pageTest("shouldKeepConversationsOverAReload", async (page) => {
  const text = await ask(page, "remember this");
  await page.reload();
  assert.equal(await answered(page), text);
  await page.getByRole("link", { name: "New conversation" }).click();
  await page.locator(".welcome").waitFor();
  await page.locator(".conversations a").click();
  assert.equal(await answered(page), text);
});

pageTest("shouldKeepHalfAnAnswerWhenReloadedInTheMiddleAndContinueIt", async (page) => {
  await send(page, "slow: count from one to one thousand");
  await page.locator(".answer .markdown").waitFor();
  await page.waitForTimeout(900);
  const before = await page.locator(".answer .markdown").innerText();
  await page.reload();
  const kept = await answered(page, 0, "cut");
  assert.ok(kept.length > 0);
  assert.ok(kept.length >= before.length - 200, `${kept.length} of ${before.length}`);
  assert.match(await page.locator(".trouble").innerText(), /closed or reloaded/);
  await page.getByRole("button", { name: "Continue" }).click();
  if (mock) assert.match(await answered(page), /and this is the rest\.$/);
  else await page.locator(".answer[data-state=writing], .answer[data-state=done]").waitFor();
});

pageTest("shouldShowAnAnswerInTwoTabsWhileItIsWritten", async (page, context) => {
  await send(page, "slow: count from one to one thousand");
  await page.locator(".answer .markdown").waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.locator(".answer[data-state=writing] .markdown").waitFor();
  const early = await other.locator(".answer .markdown").innerText();
  // Long enough for the other tab to ask who writes this, and to be told.
  await other.waitForTimeout(1_500);
  assert.equal(await answers(other).getAttribute("data-state"), "writing");
  assert.ok((await other.locator(".answer .markdown").innerText()).length > early.length);
  await page.close();
  await answered(other, 0, "cut");
});

/** All messages as the browser keeps them. */
function keptMessages(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const opening = indexedDB.open("dllama");
        opening.onsuccess = () => {
          const all = opening.result.transaction("messages").objectStore("messages").getAll();
          all.onsuccess = () => (opening.result.close(), resolve(all.result));
        };
      }),
  );
}

pageTest("shouldLoseNothingWhenTwoTabsWriteToOneConversation", async (page, context) => {
  await ask(page, "start");
  const other = await context.newPage();
  await other.goto(page.url());
  await answered(other);
  const texts = ["from the first tab", "from the second tab"];
  const fields = [page, other].map((tab) => tab.locator("#composer"));
  await Promise.all(fields.map((field, i) => field.fill(texts[i])));
  await Promise.all(fields.map((field) => field.press("Enter")));
  const isWhole = (all) =>
    texts.every((text) => all.some((m) => m.text === text && all.some((a) => a.parent === m.id && a.state === "done")));
  let all = [];
  for (const end = Date.now() + TIMEOUT; !isWhole(all) && Date.now() < end; all = await keptMessages(page)) {
    // A tab that saw the other's answer begin waits with its question, which stays in its field.
    for (const field of fields) if ((await field.inputValue()) !== "") await field.press("Enter");
    await page.waitForTimeout(100);
  }
  assert.ok(isWhole(all), JSON.stringify(all, null, 1));
  assert.equal(all.length, 6);
  assert.ok(all.every((m) => m.parent === null || all.some((other) => other.id === m.parent)));
});

pageTest("shouldRenameAndDeleteInAllTabs", async (page, context) => {
  await ask(page, "to be renamed");
  const other = await context.newPage();
  await other.goto(baseUrl);
  await page.getByRole("button", { name: "More for to be renamed" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Title" }).fill("A better title");
  await page.getByRole("textbox", { name: "Title" }).press("Enter");
  await other.locator(".conversations .title", { hasText: "A better title" }).waitFor();
  await page.getByRole("button", { name: "More for A better title" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.locator(".welcome").waitFor();
  await other.locator(".conversations li").waitFor({ state: "detached" });
  await page.reload();
  await page.locator(".welcome").waitFor();
  assert.equal(await page.locator(".conversations li").count(), 0);
});

pageTest("shouldExportAndReadItBack", async (page) => {
  const text = await ask(page, "export me");
  const save = async (item) => {
    await page.getByRole("button", { name: "More for export me" }).first().click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: item }).click()]);
    return { name: download.suggestedFilename(), content: await readFile(await download.path(), "utf8") };
  };
  const markdown = await save("Export as Markdown");
  assert.equal(markdown.name, "export me.md");
  if (mock) assert.equal(markdown.content, `# export me\n\n## You\n\nexport me\n\n## Assistant\n\n${text}\n`);
  const json = await save("Export as JSON");
  assert.equal(json.name, "export me.json");
  await importJson(page, json.content);
  await page.locator(".conversations li").nth(1).waitFor();
  assert.equal(await answered(page), text);
  await importJson(page, "{ not json");
  await page.locator(".sidebar .trouble", { hasText: "not JSON" }).waitFor();
  await importJson(page, '{"format":"dllama-conversations","conversations":[{"conversation":1}]}');
  await page.locator(".sidebar .trouble", { hasText: "damaged" }).waitFor();
  assert.equal(await page.locator(".conversations li").count(), 2);
});

pageTest("shouldStayQuickWithAThousandMessages", async (page) => {
  const texts = Array.from({ length: 1000 }, (_, i) =>
    i % 2 === 0 ? `Question ${i}` : `Answer ${i} with **bold** words.\n\n- one\n- two\n\n\`\`\`js\nlet x = ${i};\n\`\`\`\n`,
  );
  await importJson(page, conversationFile("Long", texts));
  await page.locator(".answer").nth(499).waitFor();
  await page.locator(".markdown strong").last().waitFor();
  const watched = await page.evaluate(() => {
    // Counts what a token changes outside of the last message, and how long the page stands still.
    const seen = { outside: 0, longest: 0 };
    const column = document.querySelector(".scroller .column");
    globalThis.seen = seen;
    globalThis.earlier = [...column.children].slice(0, 1000);
    for (const message of globalThis.earlier.slice(0, 990)) {
      new MutationObserver((changes) => (seen.outside += changes.length)).observe(message, { subtree: true, childList: true, characterData: true });
    }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
    }).observe({ type: "longtask" });
    return column.children.length;
  });
  assert.equal(watched, 1000);
  await ask(page, "long");
  const seen = await page.evaluate(() => globalThis.seen);
  console.log(`longest task with 1000 messages: ${Math.round(seen.longest)} ms`);
  assert.equal(seen.outside, 0, "messages that did not change were left alone");
  assert.equal(await page.evaluate(() => globalThis.earlier.every((element) => element.isConnected)), true);
  // At its end the view is at the end, and far above, text becomes Markdown when it is reached.
  const gap = await page.locator(".scroller").evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight);
  assert.ok(gap < 80, `${gap} px from the end`);
  await page.locator(".scroller").evaluate((view) => (view.scrollTop = 0));
  await page.locator(".answer").first().locator("strong").waitFor();
});

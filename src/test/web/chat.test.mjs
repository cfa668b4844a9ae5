import assert from "node:assert/strict";
import { answered, answers, ask, mock, pageTest, send } from "./harness.mjs";

pageTest("shouldStreamAnAnswerAndTellItsFigures", async (page) => {
  const text = await ask(page, "hello there");
  assert.ok(text.length > 0);
  if (mock) assert.equal(text, "You said: hello there");
  const figures = await page.locator(".figures").innerText();
  assert.match(figures, /[\d.,]+ tokens\/s/);
  if (mock) assert.match(figures, /25 % waiting/);
  assert.equal(await page.locator("h1").innerText(), "hello there");
  assert.match(page.url(), /#\/chat\/\w+$/);
});

pageTest("shouldSendWhatWasSaidBefore", { mock: true }, async (page) => {
  await ask(page, "one");
  await ask(page, "two");
  assert.deepEqual(
    mock.state.requests.at(-1).messages.map(({ role, content }) => [role, content]),
    [["user", "one"], ["assistant", "You said: one"], ["user", "two"]],
  );
  assert.equal(mock.state.requests.at(-1).model, "mock-1b");
  assert.deepEqual(mock.state.requests.at(-1).stream_options, { include_usage: true });
});

pageTest("shouldStop", async (page) => {
  await send(page, "slow, please: count from one to one thousand");
  await page.locator(".answer .markdown").waitFor();
  await page.keyboard.press("Escape");
  const text = await answered(page, 0, "stopped");
  await page.waitForTimeout(400);
  assert.equal(await page.locator(".answer .markdown").innerText(), text);
  if (mock) assert.equal(mock.state.open, 0, "the server was told");
  await page.getByRole("button", { name: "Send", exact: true }).waitFor();
});

pageTest("shouldContinueWhatWasStopped", { mock: true }, async (page) => {
  await send(page, "slow");
  await page.locator(".answer .markdown").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  const half = await answered(page, 0, "stopped");
  await page.getByRole("button", { name: "Continue" }).click();
  const whole = await answered(page);
  assert.equal(whole.replace(/\s+/g, " "), `${half.replace(/\s+/g, " ")} and this is the rest.`);
  const sent = mock.state.requests.at(-1);
  assert.equal(sent.messages.at(-1).role, "assistant");
  assert.equal(await answers(page).count(), 1);
});

pageTest("shouldEditAndSendAgainBesideTheEarlierOne", async (page) => {
  const first = await ask(page, "first question");
  await page.getByRole("button", { name: "Edit and send again" }).click();
  await page.getByRole("textbox", { name: "Edit your message" }).fill("second question");
  await page.getByRole("textbox", { name: "Edit your message" }).press("Enter");
  await page.locator(".bubble", { hasText: "second question" }).waitFor();
  const second = await answered(page);
  if (mock) assert.equal(second, "You said: second question");
  assert.equal(await page.locator(".question .branches").innerText(), "2/2");
  await page.getByRole("button", { name: "Earlier version" }).click();
  await page.locator(".bubble", { hasText: "first question" }).waitFor();
  assert.equal(await answered(page), first);
});

pageTest("shouldAnswerAgainAndKeepBothAnswers", async (page) => {
  await ask(page, "hello");
  await page.getByRole("button", { name: "Answer again" }).click();
  await page.locator(".answer .branches", { hasText: "2/2" }).waitFor();
  await answered(page);
  await page.getByRole("button", { name: "Earlier version" }).click();
  await page.locator(".answer .branches", { hasText: "1/2" }).waitFor();
  if (mock) assert.equal(mock.state.requests.length, 2);
  if (mock) assert.deepEqual(mock.state.requests[0].messages, mock.state.requests[1].messages);
});

pageTest("shouldFoldThoughtsAndShowToolCalls", { mock: true }, async (page) => {
  assert.equal(await ask(page, "think about it"), "It is four.");
  assert.equal(await page.locator(".thoughts").isVisible(), false);
  await page.locator(".thinking summary").click();
  assert.equal(await page.locator(".thoughts").innerText(), "Let me see.\nTwo and two.");
  await send(page, "tool");
  const calls = page.locator(".tool-calls");
  await calls.locator("dd").nth(1).waitFor();
  assert.equal(await calls.locator("code").innerText(), "get_weather");
  assert.deepEqual(await calls.locator("dt").allInnerTexts(), ["city", "days"]);
  assert.deepEqual(await calls.locator("dd").allInnerTexts(), ["Bern", "3"]);
});

pageTest("shouldSendTheSettingsThatWereChosen", { mock: true }, async (page) => {
  await page.getByRole("button", { name: "Settings of this conversation" }).click();
  await page.getByLabel("System prompt").fill("Be brief.");
  await page.getByLabel("Temperature").fill("0.25");
  await page.getByLabel("Seed").fill("42");
  await page.getByLabel("Most tokens").fill("99");
  await page.getByRole("button", { name: "Save" }).click();
  await ask(page, "hello");
  const { messages, temperature, seed, max_tokens, top_p } = mock.state.requests.at(-1);
  assert.deepEqual(messages[0], { role: "system", content: "Be brief." });
  assert.deepEqual({ temperature, seed, max_tokens, top_p }, { temperature: 0.25, seed: 42, max_tokens: 99, top_p: undefined });
});

pageTest("shouldGoOnInTheBackgroundWhileAnotherConversationIsOpen", { mock: true }, async (page) => {
  await send(page, "pause");
  await page.locator(".answer .markdown", { hasText: "The first half" }).waitFor();
  await page.getByRole("link", { name: "New conversation" }).click();
  assert.equal(await ask(page, "other"), "You said: other");
  await page.locator(".conversations a", { hasText: "pause" }).click();
  assert.equal(await answered(page), "The first half, and the second.");
});

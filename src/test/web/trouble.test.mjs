import assert from "node:assert/strict";
import { answered, ask, conversationFile, exampleCluster, importJson, mock, pageTest, send } from "./harness.mjs";

const mocked = { mock: true, expectErrors: true };

pageTest("shouldAskForAKeyAndKeepItForTheTab", mocked, async (page, context) => {
  mock.state.key = "open sesame";
  await send(page, "hello");
  await page.locator("input[name=key]").fill("open sesame");
  await page.getByRole("button", { name: "Use this key" }).click();
  assert.equal(await answered(page), "You said: hello");
  await page.reload();
  await answered(page);
  assert.equal(await ask(page, "again"), "You said: again");
  const kept = await page.evaluate(() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]);
  assert.doesNotMatch(kept[0], /sesame/);
  assert.match(kept[1], /sesame/);
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("dialog", { name: "API key" }).waitFor();
});

pageTest("shouldTellThatAKeyIsWrong", mocked, async (page) => {
  mock.state.key = "right";
  await send(page, "hello");
  await page.locator("input[name=key]").fill("wrong");
  await page.getByRole("button", { name: "Use this key" }).click();
  await page.locator("input[name=key]").fill("right");
  await page.getByRole("button", { name: "Use this key" }).click();
  assert.equal(await answered(page), "You said: hello");
});

pageTest("shouldWaitAsLongAsABusyServerSays", mocked, async (page) => {
  mock.state.busy = 2;
  await send(page, "busy");
  await page.locator(".answer .note", { hasText: "Trying again in 1 s" }).waitFor();
  assert.equal(await answered(page), "You said: busy");
  assert.equal(mock.state.requests.length, 3);
});

pageTest("shouldStopWaitingForABusyServer", mocked, async (page) => {
  mock.state.busy = 100;
  await send(page, "busy");
  await page.locator(".answer .note", { hasText: "Trying again" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator(".answer[data-state=stopped]").waitFor();
  const asked = mock.state.requests.length;
  await page.waitForTimeout(1_500);
  assert.equal(mock.state.requests.length, asked);
});

pageTest("shouldLeaveOutTheOldestWhereTheContextIsFull", mocked, async (page) => {
  await importJson(page, conversationFile("Full", ["q1", "a1", "q2", "a2", "q3", "a3"]));
  await answered(page, 2);
  await send(page, "full");
  await page.locator(".trouble", { hasText: "5000 tokens and the context 4096" }).waitFor();
  await page.getByRole("button", { name: "Leave out the older half" }).click();
  assert.equal(await answered(page, 3), "You said: full");
  assert.deepEqual(mock.state.requests.at(-1).messages.map((message) => message.content), ["q3", "a3", "full"]);
  await page.locator(".border", { hasText: "no longer sent" }).waitFor();
});

pageTest("shouldTellWhatTheServerRefused", mocked, async (page) => {
  await send(page, "refuse");
  await page.locator(".trouble", { hasText: "temperature: 0 to 2, not 7." }).waitFor();
  await page.getByRole("button", { name: "Try again" }).waitFor();
});

for (const [word, reason] of [["cut", /connection was lost|broke off/], ["lost", /192\.168\.1\.12 was lost/]]) {
  pageTest(`shouldContinueAnAnswerThatBrokeOff: ${word}`, mocked, async (page) => {
    await send(page, word);
    assert.equal(await answered(page, 0, "cut"), "The first half");
    assert.match(await page.locator(".trouble p").first().innerText(), reason);
    await page.getByRole("button", { name: "Continue" }).click();
    assert.equal(await answered(page), "The first half and this is the rest.");
    assert.equal(await page.locator(".trouble").count(), 0);
  });
}

pageTest("shouldSayThatAnAnswerPausesWhileTheClusterGathers", mocked, async (page) => {
  try {
    await send(page, "pause");
    mock.state.cluster.state = "gathering";
    await page.locator(".note", { hasText: "Paused: the cluster is gathering" }).waitFor();
    mock.state.cluster.state = "ready";
    assert.equal(await answered(page), "The first half, and the second.");
  } finally {
    mock.state.cluster = exampleCluster();
  }
});

pageTest("shouldTellThatTheServerIsGone", mocked, async (page) => {
  await page.route("**/v1/**", (route) => route.abort());
  await page.route("**/cluster", (route) => route.abort());
  await send(page, "hello");
  await page.locator(".trouble", { hasText: "cannot be reached" }).waitFor();
  await page.unroute("**/v1/**");
  await page.getByRole("button", { name: "Try again" }).click();
  assert.equal(await answered(page), "You said: hello");
});

pageTest("shouldContinueAtALimit", mocked, async (page) => {
  await ask(page, "limit");
  await page.locator(".note", { hasText: "limit of tokens" }).waitFor();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator(".answer .markdown", { hasText: "the rest." }).waitFor();
});

import assert from "node:assert/strict";
import { exampleCluster, mock, pageTest } from "./harness.mjs";

async function show(page) {
  await page.getByRole("link", { name: "Cluster", exact: true }).click();
  await page.locator(".facts").waitFor();
}

pageTest("shouldShowTheCluster", async (page) => {
  await show(page);
  await page.locator(".picture .node.root").waitFor();
  assert.equal(await page.locator(".facts dd").first().innerText().then((t) => t.split("\n")[0]), "Ready");
  await page.getByText("All figures as a table").click();
  assert.ok((await page.locator("section table tbody tr").count()) >= 1);
});

pageTest("shouldShowWhoMakesOthersWait", { mock: true }, async (page) => {
  await show(page);
  assert.equal(await page.locator(".picture .node").count(), 5);
  assert.equal(await page.locator(".picture .late .name").textContent(), "192.168.1.12:9990");
  assert.equal(await page.locator(".picture .waits").textContent(), "others wait 31 % for it");
  assert.match(await page.locator(".picture svg").getAttribute("aria-label"), /a root, 3 workers, 1 spares.*192\.168\.1\.12/);
  assert.equal(await page.locator(".plot canvas").count(), 2);
  assert.equal(await page.locator("tr.now th").innerText(), "4 (now)");
  assert.equal(await page.locator(".events li").first().locator(".kind").innerText(), "joined");
  assert.equal(await page.locator(".events li").count(), 7);
});

pageTest("shouldShowLoadingOfEachWorker", { mock: true }, async (page) => {
  try {
    mock.state.cluster.state = "loading";
    mock.state.cluster.nodes[1] = { ...mock.state.cluster.nodes[1], state: "loading", loadedBytes: 0.5e9, sliceBytes: 2e9 };
    await show(page);
    await page.locator(".picture .node", { hasText: "25 % of 2.0 GB loaded" }).waitFor();
    mock.state.cluster.nodes[1].loadedBytes = 1.5e9;
    await page.locator(".picture .node", { hasText: "75 % of 2.0 GB loaded" }).waitFor();
  } finally {
    mock.state.cluster = exampleCluster();
  }
});

pageTest("shouldLeaveOutWhatIsNotKnown", { mock: true }, async (page) => {
  try {
    mock.state.cluster = { state: "gathering", nodes: [{ id: "me", role: "root" }] };
    await show(page);
    await page.locator(".picture .node").waitFor();
    const words = await page.locator("main").innerText();
    assert.doesNotMatch(words, /undefined|NaN|null/);
    assert.equal(await page.locator("section").count(), 1);
    mock.state.cluster = { state: "gathering" };
    await page.locator("section").waitFor({ state: "detached" });
  } finally {
    mock.state.cluster = exampleCluster();
  }
});

pageTest("shouldSayThatTheRootIsGoneAndKeepWhatWasKnown", { mock: true, expectErrors: true }, async (page) => {
  await show(page);
  await page.route("**/cluster", (route) => route.abort());
  await page.locator(".trouble", { hasText: "cannot be reached" }).waitFor();
  assert.equal(await page.locator(".picture .node").count(), 5);
  await page.unroute("**/cluster");
  await page.locator(".trouble").waitFor({ state: "detached" });
});

// The page with a root and two workers, of which one computes and one is a spare. WORKERS says where
// they are, as "PORT:PROCESS ID,…". ClusterPageIT starts all of it.
import assert from "node:assert/strict";
import { baseUrl, answered, ask, pageTest, send } from "./harness.mjs";

/** Three nodes, and a browser, share a machine. */
const patience = 150_000;
const workers = (process.env.WORKERS ?? "").split(",").map((each) => each.split(":").map(Number));

const nodesNow = async () => (await (await fetch(new URL("cluster", baseUrl))).json()).nodes;

pageTest("shouldTellThatAWorkerIsLostAndGoOn", { expectErrors: true, patience }, async (page) => {
  assert.ok((await ask(page, "What is 2 plus 3?")).length > 0);
  await page.getByRole("link", { name: "Cluster", exact: true }).click();
  await page.locator(".picture .node.worker.ready .small", { hasText: "free" }).waitFor();
  assert.equal(await page.locator(".picture .node").count(), 3);
  const nodes = await nodesNow();
  for (const node of nodes) {
    assert.ok(node.memoryTotal > node.memoryAvailable && node.memoryAvailable > 0, JSON.stringify(node));
    assert.ok(node.load >= 0 && node.cores > 0, JSON.stringify(node));
    if (node.role !== "root") assert.ok(node.roundTripMs > 0, JSON.stringify(node));
    if (node.role !== "spare") assert.ok(node.waitShare >= 0 && node.waitShare <= 1, JSON.stringify(node));
    if (node.role !== "spare") assert.equal(node.heads.count * 2, node.heads.of);
  }
  const plan = await (await fetch(new URL("cluster", baseUrl))).json().then((told) => told.plan);
  assert.ok(plan.every((row) => row.predictedMsPerToken > 0 && row.fits), JSON.stringify(plan));

  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await send(page, "Tell me a story about the sea");
  await page.locator(".answer").nth(1).locator(".markdown").waitFor();
  const computing = nodes.find((node) => node.role === "worker").address;
  const [, id] = workers.find(([port]) => computing.endsWith(`:${port}`));
  process.kill(id, "SIGKILL");
  await page.getByRole("link", { name: "Cluster", exact: true }).click();
  await page.locator(".events .lost", { hasText: computing }).first().waitFor();
  await page.locator(".picture .node", { hasText: computing }).waitFor({ state: "detached" });
  await page.locator(".facts dd", { hasText: "Ready" }).waitFor();
  assert.equal(await page.locator(".picture .node").count(), 2);

  await page.getByRole("link", { name: "Chat", exact: true }).click();
  await page.locator(".answer:not([data-state=writing])").nth(1).waitFor();
  assert.equal(await page.locator(".answer").count(), 2);
  await send(page, "What is 2 plus 3?");
  await page.locator(".answer").nth(2).and(page.locator("[data-state=done]")).waitFor();
  assert.ok((await answered(page, 2)).length > 0);
});

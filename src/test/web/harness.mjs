// A browser with the page, for the tests. BASE_URL: of a real root, in place of the mock.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";
import { browserPath } from "./ready.mjs";

export { conversationFile } from "./files.mjs";
export { exampleCluster } from "./mock.mjs";

export const TIMEOUT = 30_000;

let browser;
/** The mock; null where a real root is tested. */
export let mock = null;
export let baseUrl = process.env.BASE_URL ?? null;

before(async () => {
  if (baseUrl === null) {
    mock = await startMock();
    baseUrl = mock.url;
  }
  assert.ok(browserPath, "Chromium is needed; CHROMIUM can say where it is");
  browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});

after(async () => {
  await browser?.close();
  mock?.close();
});

/**
 * A test with a page of its own. Whatever it does, nothing may be asked of another server, the
 * policy may not be violated, and no error may be left unhandled. `patience`: with whatever is
 * waited for, in ms.
 */
export function pageTest(name, options, body = options) {
  test(name, { timeout: 4 * (options.patience ?? TIMEOUT) }, async (t) => {
    if (options.mock && !mock) return t.skip("only the mock can be told to do this");
    const context = await browser.newContext({ acceptDownloads: true, ...options.context });
    context.setDefaultTimeout(options.patience ?? TIMEOUT);
    const wrongs = [];
    watch(context, wrongs, options.expectErrors ?? false);
    const page = await context.newPage();
    if (mock) Object.assign(mock.state, { key: null, busy: 0, requests: [] });
    try {
      await page.goto(baseUrl);
      await page.locator("#composer").waitFor();
      await body(page, context);
      assert.deepEqual(wrongs, []);
    } catch (error) {
      if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
      throw error;
    } finally {
      await context.close();
    }
  });
}

function watch(context, wrongs, expectErrors) {
  context.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(baseUrl)) wrongs.push(`asked ${request.url()}`);
  });
  context.on("weberror", (error) => wrongs.push(String(error.error().stack ?? error.error())));
  context.on("console", (message) => {
    const text = message.text();
    const failed = expectErrors && /Failed to load resource/.test(text);
    if (["error", "warning"].includes(message.type()) && !failed) wrongs.push(text);
  });
  context.on("dialog", (dialog) => (dialog.type() === "confirm" ? dialog.accept() : wrongs.push(`dialog: ${dialog.message()}`)));
}

export async function send(page, text) {
  await page.locator("#composer").fill(text);
  await page.locator("#composer").press("Enter");
}

/** The answers that are there, whole or not. */
export const answers = (page) => page.locator(".answer");

/** Waits until answer n, from 0, is in a state, and gives its text. */
export async function answered(page, n = 0, state = "done") {
  await page.locator(".answer").nth(n).and(page.locator(`[data-state=${state}]`)).waitFor();
  return page.locator(".answer").nth(n).locator(".markdown").innerText();
}

/** Asks and waits for the answer. */
export async function ask(page, text) {
  const n = await answers(page).count();
  await send(page, text);
  return answered(page, n);
}

export async function importJson(page, content, name = "file.json") {
  const buffer = Buffer.from(typeof content === "string" ? content : JSON.stringify(content));
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/json", buffer });
}

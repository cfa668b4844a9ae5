// Takes the pictures of the documentation: node screenshots.mjs ../../../docs/images
import { join } from "node:path";
import { chromium } from "playwright-core";
import { conversationFile } from "./files.mjs";
import { startMock } from "./mock.mjs";
import { browserPath } from "./ready.mjs";

const ANSWER = `A *cache* keeps the keys and values of all tokens that were read, so that each new token costs one step and not a whole pass.

What that needs for 32 layers and a context of 8192:

| type | per token | in all |
| ---- | --------: | -----: |
| F32  |    256 kB | 2.1 GB |
| F16  |    128 kB | 1.1 GB |

\`\`\`python
def cache_bytes(layers, kv_dim, context, bytes_each):
    # keys and values
    return 2 * layers * kv_dim * context * bytes_each
\`\`\`

On four nodes each holds a **quarter** of it, since heads are divided among them.`;

const folder = process.argv[2] ?? ".";
const mock = await startMock();
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

async function put(page, file) {
  const buffer = Buffer.from(JSON.stringify(file));
  await page.locator("input[type=file]").setInputFiles({ name: "f.json", mimeType: "application/json", buffer });
  await page.locator(".conversations .title", { hasText: file.conversations[0].conversation.title }).waitFor();
}

for (const [colorScheme, suffix] of [["light", ""], ["dark", "-dark"]]) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 760 }, colorScheme });
  await page.goto(mock.url);
  for (const title of ["Sort a list of names", "Letter to the landlord", "What is an eigenvector?"]) {
    await put(page, conversationFile(title, ["…", "…"]));
  }
  const shown = conversationFile("What does a KV cache cost?", ["What does a KV cache cost in memory?", ANSWER]);
  Object.assign(shown.conversations[0].messages[1], {
    reasoning: "They ask about memory.",
    timings: { prompt_n: 31, prompt_ms: 510, predicted_n: 214, predicted_ms: 21_800, predicted_per_second: 9.8, sync_ms: 5_020 },
  });
  await put(page, shown);
  await page.locator(".markdown table").waitFor();
  await page.locator(".status", { hasText: "4 nodes" }).waitFor();
  await page.screenshot({ path: join(folder, `chat${suffix}.png`) });
  await page.goto(`${mock.url}#/cluster`);
  await page.setViewportSize({ width: 1200, height: 1290 });
  await page.locator(".plot canvas").nth(1).waitFor();
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: join(folder, `cluster${suffix}.png`) });
  await page.close();
}
await browser.close();
mock.close();

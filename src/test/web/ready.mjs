// Says whether these tests can run here: ends with 0, or tells what is missing and ends with 1. With
// `browser` it looks for the browser alone.
import { existsSync } from "node:fs";

const PLACES = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** The browser, or undefined. */
export const browserPath = PLACES.find((place) => place && existsSync(place));

if (process.argv[1]?.endsWith("ready.mjs")) {
  const missing = [];
  const all = process.argv[2] !== "browser";
  if (all && Number(process.versions.node.split(".")[0]) < 20) missing.push("Node.js 20");
  if (all && !existsSync(new URL("node_modules/playwright-core", import.meta.url))) missing.push("npm ci in src/test/web");
  if (!browserPath) missing.push("Chromium (CHROMIUM says where it is)");
  if (missing.length > 0) console.log(`not here: ${missing.join(", ")}`);
  process.exit(missing.length > 0 ? 1 : 0);
}

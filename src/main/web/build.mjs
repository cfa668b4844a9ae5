// Builds the page into the folder that is given: node build.mjs FOLDER
//
// The result depends on nothing but the sources and package-lock.json, so that it can be committed
// and compared. manifest.json tells the server what to serve, as what, and with which headers.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
if (!process.argv[2]) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}
const out = resolve(process.argv[2]);

const types = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "licenses.txt": "text/plain; charset=utf-8",
};

// Nothing inline, nothing evaluated, nothing from elsewhere; only DOMPurify may make HTML of text.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types dompurify",
].join("; ");

const headers = {
  "Content-Security-Policy": policy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  banner: { js: "/* dllama-akka, MIT; licenses.txt has those of the libraries in it. */" },
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) await copyFile(join(here, name), join(out, name));

await writeFile(join(out, "licenses.txt"), await licenses());

const files = {};
for (const [name, type] of Object.entries(types)) {
  const bytes = await readFile(join(out, name));
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  files[name] = { type, etag, size: bytes.length };
}
await writeFile(join(out, "manifest.json"), JSON.stringify({ headers, files }, null, 2) + "\n");

/** The licences of what is in app.js; of DOMPurify's two it is the Apache License. */
async function licenses() {
  const { dependencies } = JSON.parse(await readFile(join(here, "package.json"), "utf8"));
  const names = [...Object.keys(dependencies), "@preact/signals-core"].sort();
  const texts = names.map(async (name) => {
    const text = await readFile(join(here, "node_modules", name, "LICENSE"), "utf8");
    return `${name}\n${"=".repeat(name.length)}\n\n${text.trim()}\n`;
  });
  return (await Promise.all(texts)).join("\n\n");
}

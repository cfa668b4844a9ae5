// A root that has no model: serves the page as the real one does, and answers as tests want it.
// The first word of the last question says how: see `answers`. Run by itself it can be looked at:
//   node mock.mjs 9981
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";

const WEB = fileURLToPath(new URL("../../main/resources/dllama/web/", import.meta.url));

/** `state` may be changed by a test: the key that is asked for, what /cluster tells. */
export async function startMock(port = 0) {
  const state = { key: null, cluster: exampleCluster(), busy: 0, requests: [], open: 0 };
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { url, state, close: () => (server.closeAllConnections(), server.close()) };
}

async function handle(state, request, response) {
  const path = new URL(request.url, "http://mock").pathname;
  if (request.method === "GET" && (await page(path, request, response))) return;
  if (state.key !== null && request.headers.authorization !== `Bearer ${state.key}`) {
    return fail(response, 401, "This server asks for an API key.", "invalid_api_key");
  }
  if (path === "/v1/models") return json(response, { object: "list", data: [{ id: "mock-1b", object: "model" }] });
  if (path === "/cluster") return state.cluster ? json(response, state.cluster) : response.destroy();
  if (path === "/v1/chat/completions" && request.method === "POST") return chat(state, request, response);
  fail(response, 404, `There is no ${path}.`, "not_found");
}

const manifest = JSON.parse(readFileSync(join(WEB, "manifest.json"), "utf8"));

async function page(path, request, response) {
  const name = path === "/" ? "index.html" : path.replace(/^\/web\//, "");
  const file = Object.hasOwn(manifest.files, name) ? manifest.files[name] : null;
  if (!file) return false;
  for (const [header, value] of Object.entries(manifest.headers)) response.setHeader(header, value);
  response.setHeader("ETag", `"${file.etag}"`);
  if (request.headers["if-none-match"] === `"${file.etag}"`) {
    response.writeHead(304).end();
    return true;
  }
  response.writeHead(200, { "Content-Type": file.type }).end(readFileSync(join(WEB, name)));
  return true;
}

function json(response, value, status = 200, headers = {}) {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
}

function fail(response, status, message, code, headers = {}) {
  json(response, { error: { message, type: "invalid_request_error", param: null, code } }, status, headers);
}

async function chat(state, request, response) {
  let body = "";
  for await (const chunk of request) body += chunk;
  const asked = JSON.parse(body);
  state.requests.push(asked);
  const question = asked.messages.findLast((message) => message.role === "user")?.content ?? "";
  const word = /^\w+/.exec(question)?.[0] ?? "";
  if (word === "busy" && state.busy-- > 0) {
    return fail(response, 429, "All places are taken.", "rate_limit_exceeded", { "Retry-After": "1" });
  }
  if (word === "full" && asked.messages.length > 4) {
    return fail(response, 400, "The prompt has 5000 tokens and the context 4096.", "context_length_exceeded");
  }
  if (word === "refuse") return fail(response, 400, "temperature: 0 to 2, not 7.", "invalid_value");
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  state.open++;
  response.on("close", () => state.open--);
  const goesOn = asked.messages.at(-1).role === "assistant";
  await stream(response, goesOn ? CONTINUED : answerTo(word, question), word, goesOn);
}

const CONTINUED = { parts: [" and", " this", " is", " the", " rest."] };

/** How an answer comes: its parts, ms between them, thoughts before them. */
function answerTo(word, question) {
  const words = (n) => Array.from({ length: n }, (_, i) => (i % 12 === 11 ? `word${i}.\n\n` : `word${i} `));
  switch (word) {
    case "slow":
      return { parts: words(400), pause: 40 };
    case "long":
      return { parts: words(3000), pause: 0 };
    case "cut":
    case "lost":
    case "pause":
      return { parts: ["The", " first", " half"], pause: 20 };
    case "think":
      return { thoughts: ["Let me", " see.", "\nTwo and two."], parts: ["It", " is", " four."], pause: 20 };
    case "tool":
      return { parts: [], tool: { name: "get_weather", arguments: '{"city":"Bern","days":3}' } };
    case "limit":
      return { parts: ["As", " far", " as"], finish: "length" };
    case "say":
      return { parts: inPieces(question.slice(4)), pause: 1 };
    default:
      return { parts: ["You", " said", ": ", ...question.split(/(?= )/)], pause: 8 };
  }
}

/** Pieces of 1 to 7 characters, always the same ones. */
function inPieces(text) {
  const pieces = [];
  for (let at = 0, n = 3; at < text.length; n = (n * 5 + 1) % 7) pieces.push(text.slice(at, (at += n + 1)));
  return pieces;
}

async function stream(response, { thoughts = [], parts, pause = 5, tool, finish = "stop" }, word, goesOn) {
  const began = Date.now();
  const send = (delta, finish_reason = null, more = {}) =>
    response.write(
      `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "mock-1b", choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`,
    );
  response.write(": ping\n\n");
  send({ role: "assistant", content: "" });
  for (const reasoning_content of thoughts) {
    send({ reasoning_content });
    await sleep(pause);
  }
  for (const content of parts) {
    if (response.destroyed) return;
    send({ content });
    if (pause > 0) await sleep(pause);
  }
  if (!goesOn && word === "cut") {
    await sleep(200); // what was written is to arrive
    return response.destroy();
  }
  if (!goesOn && word === "lost") {
    response.end(`data: ${JSON.stringify({ error: { message: "Node 192.168.1.12 was lost; the answer can be continued.", type: "server_error", code: "cluster_lost" } })}\n\n`);
    return;
  }
  if (!goesOn && word === "pause") {
    for (let i = 0; i < 40 && !response.destroyed; i++) await sleep(50).then(() => response.write(": ping\n\n"));
    send({ content: ", and the second." });
  }
  if (tool) {
    send({ tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: tool.name, arguments: "" } }] });
    for (const piece of inPieces(tool.arguments)) send({ tool_calls: [{ index: 0, function: { arguments: piece } }] });
    finish = "tool_calls";
  }
  const made = Math.max(1, parts.length);
  const ms = Math.max(1, Date.now() - began);
  send({}, finish);
  const timings = {
    prompt_n: 12, prompt_ms: 340, prompt_per_second: 35.3, cache_n: 4, predicted_n: made,
    predicted_ms: ms, predicted_per_second: (made / ms) * 1000, sync_ms: ms / 4,
  };
  const usage = { prompt_tokens: 16, completion_tokens: made, total_tokens: 16 + made };
  response.write(`data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "mock-1b", choices: [], usage, timings })}\n\n`);
  response.end("data: [DONE]\n\n");
}

/** Four nodes that compute, and a spare, as GET /cluster tells of them. */
export function exampleCluster(now = Date.now()) {
  const GB = 1e9;
  const node = (rank, host, more) => ({
    id: `n${rank}`, address: `${host}:9990`, role: rank === 0 ? "root" : "worker", rank, state: "ready", memoryTotal: 8.2 * GB,
    memoryAvailable: 3.1 * GB, sliceBytes: 1.21 * GB, loadedBytes: 1.21 * GB, cores: 4, load: 3.9, layers: 32,
    heads: { first: rank * 8, count: 8, of: 32 }, ...more,
  });
  const history = Array.from({ length: 240 }, (_, i) => ({
    at: now - (240 - i) * 1000,
    tokensPerSecond: 9.5 + Math.sin(i / 9) + (i % 7) * 0.1,
    computeMs: 78 + Math.cos(i / 13) * 4,
    syncMs: 22 + Math.sin(i / 9) * 3 + (i % 40 === 0 ? 25 : 0),
  }));
  return {
    state: "ready",
    model: { id: "mock-8b", architecture: "llama", weights: "Q4_0", layers: 32, contextLength: 8192 },
    answers: { running: 1, waiting: 0, places: 8 },
    nodes: [
      node(0, "192.168.1.10", { memoryTotal: 16.5 * GB, memoryAvailable: 8.4 * GB, cores: 8, load: 4.2, waitShare: 0.05 }),
      node(1, "192.168.1.11", { roundTripMs: 0.42, waitShare: 0.06 }),
      node(2, "192.168.1.12", { roundTripMs: 0.47, waitShare: 0.31, slowest: true, load: 5.6 }),
      node(3, "192.168.1.13", { roundTripMs: 0.44, waitShare: 0.05 }),
      { id: "n4", address: "192.168.1.14:9990", role: "spare", state: "joined", memoryTotal: 4.1 * GB, memoryAvailable: 3.4 * GB, cores: 4, load: 0.1, roundTripMs: 1.9 },
    ],
    rates: { tokensPerSecond: 9.8, computeMs: 78.2, syncMs: 23.1, prefillTokensPerSecond: 61.4 },
    history,
    events: [
      { at: now - 300_000, kind: "joined", text: "192.168.1.11:9990 is here" },
      { at: now - 296_000, kind: "joined", text: "192.168.1.12:9990 is here" },
      { at: now - 295_000, kind: "joined", text: "192.168.1.13:9990 is here" },
      { at: now - 290_000, kind: "formed", text: "a world of 4 nodes" },
      { at: now - 289_000, kind: "loading", text: "1.2 GB to each of 3 workers" },
      { at: now - 262_000, kind: "ready", text: "mock-8b on 4 nodes" },
      { at: now - 40_000, kind: "joined", text: "192.168.1.14:9990 is here, as a spare" },
    ],
    plan: [
      { nodes: 2, bytesPerNode: 2.4 * GB, fits: true, predictedMsPerToken: 171 },
      { nodes: 4, bytesPerNode: 1.21 * GB, fits: true, predictedMsPerToken: 101 },
      { nodes: 8, bytesPerNode: 0.61 * GB, fits: true, predictedMsPerToken: 74 },
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await startMock(Number(process.argv[2] ?? 9981))).url);
}

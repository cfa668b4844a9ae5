import { Ollama } from "ollama";
import { assert, check, checkWeather, finish, key, nobodyIsAnswered, question, url, weather } from "./checks.mjs";

const client = new Ollama({ host: url, headers: { Authorization: `Bearer ${key}` } });
const tools = [{ type: "function", function: weather }];
const messages = [{ role: "user", content: question }];
const options = { temperature: 0, num_predict: 40 };
let model;
let plain;

async function refused(status, run) {
  try {
    await run();
  } catch (e) {
    assert.equal(e.name, "ResponseError", String(e));
    assert.equal(e.status_code, status, e.message);
    return;
  }
  assert.fail("not refused");
}

await check("models", async () => {
  model = (await client.list()).models[0].name;
  assert.ok(model.endsWith(":latest"), model);
  const shown = await client.show({ model });
  assert.ok(shown.capabilities.includes("completion"));
  assert.ok(shown.model_info["general.parameter_count"] > 0);
  assert.equal((await client.ps()).models[0].name, model);
  assert.match((await client.version()).version, /^\d+\.\d+/);
});

await check("a plain answer", async () => {
  const answer = await client.chat({ model, messages, options });
  plain = answer.message.content;
  assert.ok(plain.length > 0);
  assert.equal(answer.done_reason, "stop");
  assert.ok(answer.eval_count > 0 && answer.total_duration > 0);
  const bare = await client.chat({ model: model.replace(":latest", ""), messages, options });
  assert.equal(bare.message.content, plain);
});

await check("a streamed answer with usage", async () => {
  let text = "";
  let last;
  for await (const part of await client.chat({ model, messages, options, stream: true })) {
    text += part.message.content;
    last = part;
  }
  assert.equal(text, plain);
  assert.ok(last.done && last.prompt_eval_count > 0 && last.eval_duration > 0);
});

await check("a text that goes on", async () => {
  const asked = await client.generate({ model, prompt: question, options });
  assert.equal(asked.response, plain);
  const raw = await client.generate({ model, prompt: "A shard is", raw: true, options: { ...options, num_predict: 4 } });
  assert.equal(raw.done_reason, "length");
  assert.equal(raw.eval_count, 4);
  const loaded = await client.generate({ model, prompt: "" });
  assert.equal(loaded.done_reason, "load");
});

await check("a call of its own will, and the result of one", async () => {
  await client.chat({ model, messages, tools, options });
  const answer = await client.chat({
    model, tools, options,
    messages: [
      ...messages,
      { role: "assistant", content: "", tool_calls: [{ function: { name: "get_weather", arguments: { city: "Oslo", days: 1 } } }] },
      { role: "tool", tool_name: "get_weather", content: "-3 C" },
    ],
  });
  assert.equal(typeof answer.message.content, "string");
});

await check("an answer that a schema describes", async () => {
  const answer = await client.chat({ model, messages, format: weather.parameters, options: { num_predict: 200 } });
  checkWeather(JSON.parse(answer.message.content));
  const any = await client.generate({ model, prompt: question, format: "json", options: { num_predict: 200, temperature: 0 } });
  if (any.done_reason === "stop") {
    assert.equal(typeof JSON.parse(any.response), "object");
  }
});

await check("errors of its own class", async () => {
  await refused(404, () => client.chat({ model: "no-such-model", messages }));
  await refused(400, () => client.chat({ model, messages, options: { temperature: -1 } }));
  await refused(401, () => new Ollama({ host: url }).list());
});

await check("a caller who goes", async () => {
  const stream = await client.chat({ model, messages, stream: true, options: { temperature: 2 } });
  try {
    for await (const part of stream) {
      assert.ok(part.message);
      stream.abort();
    }
  } catch (e) {
    assert.equal(e.name, "AbortError", String(e));
  }
  await nobodyIsAnswered();
});

finish();

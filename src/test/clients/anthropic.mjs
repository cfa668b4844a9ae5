import Anthropic from "@anthropic-ai/sdk";
import { assert, check, checkWeather, fails, finish, key, nobodyIsAnswered, question, url, weather } from "./checks.mjs";

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const tools = [{ name: weather.name, description: weather.description, input_schema: weather.parameters }];
const messages = [{ role: "user", content: question }];
let model;
let plain;

await check("models", async () => {
  for await (const each of client.models.list()) {
    assert.equal(each.type, "model");
    model = each.id;
  }
  assert.equal((await client.models.retrieve(model)).display_name, model);
});

await check("a plain answer", async () => {
  const answer = await client.messages.create({ model, messages, max_tokens: 40, temperature: 0, system: "Be brief" });
  plain = answer.content[0].text;
  assert.ok(plain.length > 0);
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 5);
  assert.ok(answer.usage.output_tokens > 0);
});

await check("a streamed answer with usage", async () => {
  const stream = client.messages.stream({ model, messages, max_tokens: 40, temperature: 0, system: "Be brief" });
  let text = "";
  stream.on("text", (delta) => (text += delta));
  const answer = await stream.finalMessage();
  assert.equal(text, plain);
  assert.equal(answer.content[0].text, plain);
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.usage.output_tokens > 0);
});

await check("an answer that goes on", async () => {
  const begun = plain.slice(0, 3);
  const answer = await client.messages.create({
    model, messages: [...messages, { role: "assistant", content: begun }],
    max_tokens: 40, temperature: 0, system: "Be brief",
  });
  assert.ok(!answer.content[0].text.startsWith(begun), answer.content[0].text);
});

await check("counted tokens", async () => {
  const few = await client.messages.countTokens({ model, messages });
  const more = await client.messages.countTokens({ model, messages, system: "Be very brief" });
  assert.ok(few.input_tokens > 0 && more.input_tokens > few.input_tokens);
});

await check("a call, and its result", async () => {
  const asked = await client.messages.create({ model, messages, tools, tool_choice: { type: "any" }, max_tokens: 200 });
  assert.equal(asked.stop_reason, "tool_use");
  const calls = asked.content.filter((block) => block.type === "tool_use");
  checkWeather(calls[0].input);
  const results = calls.map((call) => ({ type: "tool_result", tool_use_id: call.id, content: "-3 C" }));
  const answer = await client.messages.create({
    model, tools, max_tokens: 20,
    messages: [...messages, { role: "assistant", content: asked.content }, { role: "user", content: results }],
  });
  assert.ok(answer.content.length > 0);
});

await check("a streamed call", async () => {
  const stream = client.messages.stream({
    model, messages, tools, max_tokens: 200,
    tool_choice: { type: "tool", name: "get_weather", disable_parallel_tool_use: true },
  });
  const answer = await stream.finalMessage();
  const calls = answer.content.filter((block) => block.type === "tool_use");
  assert.equal(calls.length, 1);
  checkWeather(calls[0].input);
});

await check("errors of its own classes", async () => {
  const error = await fails(Anthropic.BadRequestError, () => client.messages.create({ model, messages, max_tokens: 0 }));
  assert.equal(error.error.error.type, "invalid_request_error");
  const stranger = new Anthropic({ baseURL: url, apiKey: "wrong", maxRetries: 0 });
  await fails(Anthropic.AuthenticationError, () => stranger.messages.create({ model, messages, max_tokens: 1 }));
});

await check("a caller who goes", async () => {
  const stream = await client.messages.create({ model, messages, stream: true, max_tokens: 900, temperature: 2 });
  for await (const event of stream) {
    if (event.type === "content_block_delta") {
      break; // which aborts
    }
  }
  await nobodyIsAnswered();
});

finish();

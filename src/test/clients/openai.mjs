import OpenAI from "openai";
import { assert, check, checkWeather, fails, finish, key, nobodyIsAnswered, question, url, weather } from "./checks.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const tools = [{ type: "function", function: weather }];
const messages = [{ role: "user", content: question }];
let model;
let plain;

await check("models", async () => {
  const models = await client.models.list();
  model = models.data[0].id;
  assert.equal((await client.models.retrieve(model)).object, "model");
  await fails(OpenAI.NotFoundError, () => client.models.retrieve("no-such-model"));
});

await check("a plain answer", async () => {
  const answer = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 40 });
  plain = answer.choices[0].message.content;
  assert.ok(plain.length > 0);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

await check("a streamed answer with usage", async () => {
  const stream = await client.chat.completions.create({
    model, messages, temperature: 0, max_tokens: 40, stream: true, stream_options: { include_usage: true },
  });
  let text = "";
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, plain);
  assert.ok(usage.completion_tokens > 0);
});

await check("a call, and its result", async () => {
  const asked = await client.chat.completions.create({
    model, messages, tools, tool_choice: "required", max_tokens: 200,
  });
  const message = asked.choices[0].message;
  assert.equal(asked.choices[0].finish_reason, "tool_calls");
  assert.equal(message.tool_calls[0].function.name, "get_weather");
  checkWeather(JSON.parse(message.tool_calls[0].function.arguments));
  const results = message.tool_calls.map((call) => ({ role: "tool", tool_call_id: call.id, content: "-3 C" }));
  const answer = await client.chat.completions.create({
    model, messages: [...messages, message, ...results], tools, max_tokens: 20,
  });
  assert.ok(["stop", "length", "tool_calls"].includes(answer.choices[0].finish_reason));
});

await check("a streamed call", async () => {
  const stream = client.chat.completions.stream({
    model, messages, tools, tool_choice: { type: "function", function: { name: "get_weather" } }, max_tokens: 200,
  });
  const answer = await stream.finalChatCompletion();
  checkWeather(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments));
});

await check("an answer that a schema describes", async () => {
  const answer = await client.chat.completions.parse({
    model, messages, max_tokens: 200,
    response_format: { type: "json_schema", json_schema: { name: "weather", strict: true, schema: weather.parameters } },
  });
  checkWeather(answer.choices[0].message.parsed);
});

await check("responses that go on from each other", async () => {
  const first = await client.responses.create({ model, input: question, instructions: "Be terse.", temperature: 0 });
  assert.equal(first.status, "completed");
  assert.ok(first.output_text.length > 0);
  const second = await client.responses.create({ model, input: "Again.", previous_response_id: first.id });
  assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  assert.equal(second.previous_response_id, first.id);
  assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
  await client.responses.delete(first.id);
  await fails(OpenAI.NotFoundError, () => client.responses.retrieve(first.id));
  await fails(OpenAI.NotFoundError, () =>
    client.responses.create({ model, input: "Again.", previous_response_id: first.id }));
});

await check("a streamed response", async () => {
  const stream = client.responses.stream({ model, input: question, temperature: 0 });
  let text = "";
  let number = 0;
  stream.on("response.output_text.delta", (event) => (text += event.delta));
  stream.on("event", (event) => assert.equal(event.sequence_number, number++));
  const response = await stream.finalResponse();
  assert.ok(text.length > 0);
  assert.equal(response.output[0].content[0].text, text);
});

await check("a response that calls, and the result", async () => {
  const flat = [{ type: "function", strict: true, ...weather }];
  const first = await client.responses.create({ model, input: question, tools: flat, tool_choice: "required" });
  const call = first.output.find((item) => item.type === "function_call");
  checkWeather(JSON.parse(call.arguments));
  const output = first.output
    .filter((item) => item.type === "function_call")
    .map((item) => ({ type: "function_call_output", call_id: item.call_id, output: "-3 C" }));
  const second = await client.responses.create({
    model, previous_response_id: first.id, input: output, tools: flat, max_output_tokens: 16,
  });
  assert.ok(["completed", "incomplete"].includes(second.status));
});

await check("errors of its own classes", async () => {
  const error = await fails(OpenAI.BadRequestError, () =>
    client.chat.completions.create({ model, messages, temperature: -1 }));
  assert.equal(error.param, "temperature");
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong", maxRetries: 0 });
  await fails(OpenAI.AuthenticationError, () => stranger.chat.completions.create({ model, messages }));
});

await check("a caller who goes", async () => {
  const stream = await client.chat.completions.create({
    model, messages, stream: true, max_tokens: 900,
    logit_bias: Object.fromEntries([0, 1, 2, 3, 4].map((id) => [id, -100])),
  });
  let seen = 0;
  for await (const chunk of stream) {
    seen += chunk.choices.length;
    if (seen > 3) {
      break; // which aborts
    }
  }
  await nobodyIsAnswered();
});

finish();

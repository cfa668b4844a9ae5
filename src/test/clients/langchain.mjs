import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { assert, check, checkWeather, finish, key, nobodyIsAnswered, question, url, weather } from "./checks.mjs";

const models = await (await fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${key}` } })).json();
const tools = [{ type: "function", function: weather }];

function chat(more = {}) {
  return new ChatOpenAI({
    model: models.data[0].id, apiKey: key, maxRetries: 0, temperature: 0, maxTokens: 200,
    configuration: { baseURL: `${url}/v1` }, ...more,
  });
}

let plain;

await check("a plain answer", async () => {
  const answer = await chat().invoke(question);
  plain = answer.content;
  assert.ok(plain.length > 0);
  assert.ok(answer.usage_metadata.output_tokens > 0);
});

await check("a streamed answer with usage", async () => {
  let text = "";
  let usage;
  for await (const chunk of await chat().stream(question)) {
    text += chunk.content;
    usage = chunk.usage_metadata ?? usage;
  }
  assert.equal(text, plain);
  assert.ok(usage.output_tokens > 0);
});

await check("a call, and its result", async () => {
  const asked = await chat().bindTools(tools, { tool_choice: "any" }).invoke(question);
  assert.equal(asked.tool_calls[0].name, "get_weather");
  checkWeather(asked.tool_calls[0].args);
  const results = asked.tool_calls.map((call) => new ToolMessage({ tool_call_id: call.id, content: "-3 C" }));
  const answer = await chat().bindTools(tools).invoke([new HumanMessage(question), asked, ...results]);
  assert.ok(answer instanceof AIMessage);
});

await check("an answer that a schema describes", async () => {
  for (const method of ["jsonSchema", "functionCalling"]) {
    checkWeather(await chat().withStructuredOutput(weather.parameters, { name: "weather", method }).invoke(question));
  }
});

await check("the same by responses", async () => {
  const answer = await chat({ useResponsesApi: true }).invoke(question);
  assert.ok(answer.text.length > 0);
});

await check("errors", async () => {
  await assert.rejects(chat({ temperature: 3 }).invoke(question), (e) => e.status === 400);
  await assert.rejects(chat({ apiKey: "wrong" }).invoke(question), (e) => e.status === 401);
});

await check("a caller who goes", async () => {
  const going = new AbortController();
  const stream = await chat({ temperature: 2, maxTokens: 900 }).stream(question, { signal: going.signal });
  try {
    for await (const chunk of stream) {
      assert.ok(chunk);
      going.abort();
    }
  } catch (e) {
    assert.match(String(e), /abort/i);
  }
  await nobodyIsAnswered();
});

finish();

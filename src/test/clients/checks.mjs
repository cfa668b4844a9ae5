// What the checks of all clients have in common. They are run as `node CLIENT.mjs URL KEY`.
import assert from "node:assert/strict";

export const [, , url, key] = process.argv;

let failures = 0;

/** Runs a check, and says how it went. */
export async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (e) {
    failures++;
    console.log(`FAILED ${name}: ${e.stack ?? e}`.replaceAll("\n", "\n    "));
  }
}

/** Ends the process, with 1 if a check has failed. */
export function finish() {
  process.exit(failures === 0 ? 0 : 1);
}

/** Checks that something fails with an error of a class, and returns the error. */
export async function fails(type, run) {
  try {
    await run();
  } catch (e) {
    assert.ok(e instanceof type, `${e.constructor.name}, not ${type.name}: ${e.message}`);
    return e;
  }
  assert.fail(`no ${type.name}`);
}

async function running() {
  const response = await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${key}` } });
  const text = await response.text();
  const line = text.split("\n").find((each) => each.startsWith("dllama_answers_running "));
  return Number(line.split(" ")[1]);
}

/** Waits until nobody is answered any more. */
export async function nobodyIsAnswered() {
  const limit = Date.now() + 20_000;
  while ((await running()) > 0) {
    assert.ok(Date.now() < limit, "an answer goes on though its caller has gone");
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** A function that models are to call, as JSON schema. */
export const weather = {
  name: "get_weather",
  description: "The weather of a city",
  parameters: {
    type: "object",
    properties: { city: { enum: ["Oslo", "Rome"] }, days: { type: "integer", minimum: 1, maximum: 3 } },
    required: ["city", "days"],
    additionalProperties: false,
  },
};

/** Checks arguments of that function. */
export function checkWeather(given) {
  assert.ok(["Oslo", "Rome"].includes(given.city), JSON.stringify(given));
  assert.ok([1, 2, 3].includes(given.days), JSON.stringify(given));
}

export const question = "What is 7 + 5?";
export { assert };

import type { Sampling, Timings } from "../model";
import { ApiError, errorFrom, errorOf, networkError } from "./errors";
import { authorization } from "./key";
import { events } from "./sse";

export interface Turn {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  tool_call_id?: string;
  tool_calls?: { id: string; type: "function"; function: { name: string; arguments: string } }[];
}

export interface ToolCallPart {
  index: number;
  id?: string;
  function?: { name?: string; arguments?: string };
}

/** What came in with one event. All absent: the server only said that it is still there. */
export interface Part {
  text?: string;
  reasoning?: string;
  toolCalls?: ToolCallPart[];
  finish?: string;
  timings?: Timings;
  model?: string;
}

interface Chunk {
  model?: string;
  choices?: {
    delta?: { content?: string | null; reasoning_content?: string | null; tool_calls?: ToolCallPart[] };
    finish_reason?: string | null;
  }[];
  timings?: Timings;
  usage?: { prompt_tokens?: number; completion_tokens?: number } | null;
  error?: { message?: string; code?: string; type?: string };
}

/**
 * Asks for an answer and yields its parts. A last turn of the assistant is continued. Returns when
 * the server has said the end; anything else (refused, connection lost) throws an ApiError, or what
 * `signal` was aborted with.
 */
export async function* chat(model: string, turns: Turn[], sampling: Sampling, signal: AbortSignal): AsyncGenerator<Part> {
  const body = {
    model,
    messages: turns,
    ...sampling,
    stream: true,
    stream_options: { include_usage: true },
  };
  const response = await send(body, signal);
  let ended = false;
  try {
    for await (const data of events(response)) {
      if (data === "[DONE]") return;
      const part = data === null ? {} : partOf(data);
      ended ||= part.finish !== undefined;
      yield part;
    }
  } catch (error) {
    if (signal.aborted || error instanceof ApiError) throw error;
    throw new ApiError("lost", "The connection was lost in the middle of the answer.");
  }
  if (!ended) throw new ApiError("lost", "The answer broke off: the server ended the connection.");
}

async function send(body: object, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  let response: Response;
  try {
    response = await fetch("v1/chat/completions", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization() },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw signal.aborted ? error : networkError();
  }
  if (!response.ok || !response.body) throw await errorOf(response);
  return response.body;
}

function partOf(data: string): Part {
  let chunk: Chunk;
  try {
    chunk = JSON.parse(data) as Chunk;
  } catch {
    throw new ApiError("server", "The server sent something that is no answer.");
  }
  if (chunk.error) {
    const error = errorFrom(500, chunk as { error: { message?: string } });
    throw error.kind === "server" ? new ApiError("lost", error.message) : error;
  }
  const choice = chunk.choices?.[0];
  const part: Part = {};
  if (choice?.delta?.content) part.text = choice.delta.content;
  if (choice?.delta?.reasoning_content) part.reasoning = choice.delta.reasoning_content;
  if (choice?.delta?.tool_calls) part.toolCalls = choice.delta.tool_calls;
  if (choice?.finish_reason) part.finish = choice.finish_reason;
  if (chunk.timings) part.timings = chunk.timings;
  else if (chunk.usage) part.timings = counts(chunk.usage);
  if (chunk.model) part.model = chunk.model;
  return part;
}

/** A server that tells no timings may still have counted. */
function counts(usage: { prompt_tokens?: number; completion_tokens?: number }): Timings {
  const timings: Timings = {};
  if (usage.prompt_tokens !== undefined) timings.prompt_n = usage.prompt_tokens;
  if (usage.completion_tokens !== undefined) timings.predicted_n = usage.completion_tokens;
  return timings;
}

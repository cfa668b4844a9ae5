/**
 * The `data` of server-sent events, in order; `null` for a comment, by which the server says that it
 * is still there. Fields other than `data` are not used by chat completions.
 */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string | null> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield data.join("\n");
          data = [];
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
        } else if (line.startsWith(":")) {
          yield null;
        }
      }
    }
  } finally {
    // Also where the caller stops listening: the server then stops writing.
    await reader.cancel().catch(() => undefined);
  }
}

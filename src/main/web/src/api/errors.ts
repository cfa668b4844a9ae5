import type { Trouble, TroubleKind } from "../model";

/** A request that failed, in words for the user. */
export class ApiError extends Error {
  constructor(
    readonly kind: TroubleKind,
    message: string,
    /** Seconds until it is worth trying again, where the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  trouble(): Trouble {
    return { kind: this.kind, text: this.message };
  }
}

/** Of what OpenAI's form of an error says, what is used here. */
interface ErrorBody {
  error?: { message?: unknown; code?: unknown; type?: unknown } | string;
}

export async function errorOf(response: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    body = (await response.json()) as ErrorBody;
  } catch {
    // Said by something that is not our server, or cut off: the status has to do.
  }
  return errorFrom(response.status, body, retryAfter(response.headers.get("Retry-After")));
}

/** Also for an error that comes in the middle of a stream, where the status is 200. */
export function errorFrom(status: number, body: ErrorBody, retryAfter: number | null = null): ApiError {
  const error = typeof body.error === "object" && body.error !== null ? body.error : {};
  const said = typeof body.error === "string" ? body.error : typeof error.message === "string" ? error.message : "";
  const code = String(error.code ?? error.type ?? "");
  if (status === 401 || status === 403) return new ApiError("key", said || "The server asks for an API key.");
  if (status === 413 || /context_length|context length/i.test(code)) {
    return new ApiError("context", said || "The conversation is longer than the model's context.");
  }
  if (status === 429) return new ApiError("busy", said || "The server is busy.", retryAfter);
  if (status === 503) return new ApiError(retryAfter === null ? "lost" : "busy", said || "The cluster is not ready.", retryAfter);
  if (status >= 400 && status < 500) return new ApiError("refused", said || `The server refused this (${status}).`);
  return new ApiError("server", said || `The server failed (${status}).`);
}

/** Seconds, or a date. */
export function retryAfter(header: string | null, now = Date.now()): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 3600) : null;
}

/** What a failed `fetch` means. */
export function networkError(): ApiError {
  return new ApiError("network", "The server cannot be reached. Is it running?");
}

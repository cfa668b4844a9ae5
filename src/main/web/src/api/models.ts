import { errorOf, networkError } from "./errors";
import { authorization } from "./key";

let known: string | null = null;

/** The id of the server's model, which requests name. */
export async function modelId(signal: AbortSignal): Promise<string> {
  if (known !== null) return known;
  let response: Response;
  try {
    response = await fetch("v1/models", { headers: authorization(), signal });
  } catch (error) {
    throw signal.aborted ? error : networkError();
  }
  if (!response.ok) throw await errorOf(response);
  const list = (await response.json()) as { data?: { id?: string }[] };
  known = list.data?.[0]?.id ?? "default";
  return known;
}

/** The server may have been started again with another one. */
export function forgetModel(): void {
  known = null;
}

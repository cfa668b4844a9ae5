import type { ToolCall } from "../model";

/** Calls that a model wants made, readable; nothing here makes them. */
export function ToolCalls({ calls }: { calls: ToolCall[] | undefined }) {
  if (!calls?.length) return null;
  return (
    <ul class="tool-calls" aria-label="Tool calls">
      {calls.map((call) => (
        <li key={call.id}>
          <div class="tool-name">
            <span>calls</span> <code>{call.name}</code>
          </div>
          <Arguments json={call.arguments} />
        </li>
      ))}
    </ul>
  );
}

/** A row for each argument; while they still come in, or where they are no object, as they are. */
function Arguments({ json }: { json: string }) {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return <pre>{json}</pre>;
  return (
    <dl>
      {Object.entries(parsed).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === "string" ? value : JSON.stringify(value, null, 1)}</dd>
        </div>
      ))}
    </dl>
  );
}

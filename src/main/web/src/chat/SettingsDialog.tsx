import { signal } from "@preact/signals";
import { Dialog } from "../Dialog";
import type { Sampling } from "../model";
import { openConversation, setPreferences } from "../store/conversations";
import { defaults, keepDefaults } from "../store/defaults";
import { fresh } from "./Composer";

export const settingsOpen = signal(false);

interface Field {
  key: keyof Sampling;
  label: string;
  hint: string;
  min: number;
  max: number;
  step: number | "any";
}

const FIELDS: Field[] = [
  { key: "temperature", label: "Temperature", hint: "0: always the likeliest token", min: 0, max: 2, step: "any" },
  { key: "top_p", label: "Top p", hint: "of the likeliest, up to this sum", min: 0, max: 1, step: "any" },
  { key: "top_k", label: "Top k", hint: "of this many likeliest", min: 0, max: 1_000_000, step: 1 },
  { key: "min_p", label: "Min p", hint: "none below this part of the likeliest", min: 0, max: 1, step: "any" },
  { key: "seed", label: "Seed", hint: "the same gives the same answer", min: 0, max: Number.MAX_SAFE_INTEGER, step: 1 },
  { key: "max_tokens", label: "Most tokens", hint: "of one answer", min: 1, max: 10_000_000, step: 1 },
];

/** System prompt and sampling of the conversation; the next new one starts with them, too. */
export function SettingsDialog() {
  if (!settingsOpen.value) return null;
  const conversation = openConversation.value;
  const now = { ...defaults(), ...(conversation ?? fresh.value) };
  const close = (): void => void (settingsOpen.value = false);
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const chosen = { system: String(form.get("system") ?? ""), sampling: samplingOf(form) };
    keepDefaults(chosen);
    if (conversation) void setPreferences(conversation.id, chosen.system, chosen.sampling);
    else fresh.value = chosen;
    close();
  };
  return (
    <Dialog title="Settings of this conversation" close={close}>
      <form class="settings" onSubmit={save}>
        <label>
          System prompt
          <textarea name="system" rows={4} defaultValue={now.system} placeholder="What the model is told before everything else" />
        </label>
        <div class="fields">
          {FIELDS.map((field) => (
            <label key={field.key}>
              {field.label}
              <input
                type="number"
                inputMode="decimal"
                name={field.key}
                min={field.min}
                max={field.max}
                step={field.step}
                placeholder="as the server has it"
                defaultValue={String(now.sampling[field.key] ?? "")}
              />
              <small>{field.hint}</small>
            </label>
          ))}
        </div>
        <div class="row end">
          <button type="button" class="quiet" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="main">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function samplingOf(form: FormData): Sampling {
  const sampling: Sampling = {};
  for (const { key } of FIELDS) {
    const given = String(form.get(key) ?? "").trim();
    if (given !== "" && Number.isFinite(Number(given))) sampling[key] = Number(given);
  }
  return sampling;
}

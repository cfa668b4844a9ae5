import { asking, giveKey } from "./api/key";
import { Dialog } from "./Dialog";

export function KeyDialog() {
  if (asking.value === null) return null;
  const give = (event: SubmitEvent): void => {
    event.preventDefault();
    giveKey(String(new FormData(event.currentTarget as HTMLFormElement).get("key") ?? ""));
  };
  return (
    <Dialog title="API key" close={() => giveKey(null)}>
      <form class="settings" onSubmit={give}>
        <p>{asking.value}</p>
        <label>
          Key
          <input type="password" name="key" autocomplete="off" required />
          <small>Kept until this tab is closed, and sent to this server only.</small>
        </label>
        <div class="row end">
          <button type="submit" class="main">
            Use this key
          </button>
        </div>
      </form>
    </Dialog>
  );
}

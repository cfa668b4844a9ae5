import { announcement } from "./announce";
import { cluster, clusterTrouble } from "./api/cluster";
import { ChatView } from "./chat/ChatView";
import { Sidebar, sidebarOpen } from "./chat/Sidebar";
import { SettingsDialog } from "./chat/SettingsDialog";
import { ClusterView } from "./cluster/ClusterView";
import { count } from "./format";
import { IconButton } from "./icons";
import { KeyDialog } from "./KeyDialog";
import { chatHref, view } from "./route";
import { ShortcutsDialog } from "./shortcuts";
import { openId } from "./store/conversations";
import { nextTheme, theme } from "./theme";

export function App() {
  const chat = view.value === "chat";
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        Skip to the content
      </a>
      <header>
        <span class="brand">
          <img src="web/icon.svg" alt="" width="22" height="22" />
          dllama
        </span>
        <nav aria-label="Views">
          <a href={chatHref(openId.value)} aria-current={chat ? "page" : undefined}>
            Chat
          </a>
          <a href="#/cluster" aria-current={chat ? undefined : "page"}>
            Cluster
          </a>
        </nav>
        <Status />
        <IconButton icon={theme.value} label={`Colours: ${theme.value}`} onClick={nextTheme} />
      </header>
      {chat ? (
        <div class="with-sidebar">
          <Sidebar />
          {sidebarOpen.value && <div class="shade" onClick={() => (sidebarOpen.value = false)} />}
          <ChatView />
        </div>
      ) : (
        <ClusterView />
      )}
      <SettingsDialog />
      <ShortcutsDialog />
      <KeyDialog />
      <div class="off-screen" role="status" aria-live="polite">
        {announcement.value}
      </div>
    </>
  );
}

/** Which model answers, on how many nodes; leads to the cluster. */
function Status() {
  const now = cluster.value;
  const trouble = clusterTrouble.value;
  const state = trouble ? "unreachable" : (now?.state ?? "asking");
  const nodes = now?.nodes?.filter((node) => node.role !== "spare" && node.state !== "lost").length;
  const words = trouble?.kind === "key" ? "API key needed" : trouble ? "not reachable" : state === "ready" ? "" : state;
  return (
    <a class="status" href="#/cluster" data-state={state}>
      <i aria-hidden="true" />
      <span class="model">{words || now?.model?.id || "ready"}</span>
      {!words && nodes !== undefined && <span class="nodes">{count(nodes, "node")}</span>}
      <span class="off-screen">, state of the cluster</span>
    </a>
  );
}

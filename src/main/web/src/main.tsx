import { effect } from "@preact/signals";
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "../css/base.css";
import "../css/chat.css";
import "../css/cluster.css";
import { stopWhenLeft } from "./answering";
import { startCluster } from "./api/cluster";
import { App } from "./App";
import { chatId, view } from "./route";
import { startShortcuts } from "./shortcuts";
import { open, openConversation, startConversations, writing } from "./store/conversations";
import { startTheme } from "./theme";

startTheme();

async function start(): Promise<void> {
  await startConversations();
  // What was open stays open behind the view of the cluster.
  effect(() => {
    if (view.value === "chat") void open(chatId.value);
  });
  effect(() => {
    const title = openConversation.value?.title;
    document.title = title ? `${title} – dllama` : "dllama";
  });
  const parent = document.getElementById("app");
  if (parent) render(<App />, parent);
  startCluster(() => writing.value.size > 0);
  startShortcuts();
  stopWhenLeft();
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => void start());
else void start();

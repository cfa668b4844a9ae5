import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { retries } from "../answering";
import { cluster } from "../api/cluster";
import type { Message } from "../model";
import { Dots } from "./Thinking";

/** At the end of an answer that comes in: that it does, or why it pauses. */
export function Waiting({ message, mine }: { message: Message; mine: boolean }) {
  const words = pauseWords(message, mine);
  if (words === null && message.text !== "") return null;
  return (
    <p class="note">
      {words ?? (message.reasoning ? "" : "Reading")}
      {!(words === null && message.reasoning) && <Dots />}
    </p>
  );
}

function pauseWords(message: Message, mine: boolean): string | null {
  const retry = retries.value.get(message.id);
  const left = useSecondsUntil(retry?.at);
  if (retry) return `${sentence(retry.why)} Trying again in ${left} s`;
  const state = cluster.value?.state;
  if (state === "gathering") return "Paused: the cluster is gathering its nodes";
  if (state === "loading") return "Paused: the nodes are loading the model";
  return mine ? null : "Written in another tab";
}

function useSecondsUntil(until: number | undefined): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    if (until === undefined) return;
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  return until === undefined ? 0 : Math.max(0, Math.ceil((until - now.value) / 1000));
}

/** The server's reasons begin small and end without a stop. */
function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

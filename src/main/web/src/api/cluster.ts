import { effect, signal } from "@preact/signals";
import { view } from "../route";
import { errorOf, networkError, type ApiError } from "./errors";
import { askForKey, authorization } from "./key";

/** `GET /cluster`: bytes, ms; what is not known is absent. */
export interface Cluster {
  state: "gathering" | "loading" | "ready";
  /** What is waited for, in a line. */
  waiting?: string;
  /** How this machine computes, in a line. */
  computing?: string;
  model?: { id?: string; architecture?: string; weights?: string; layers?: number; contextLength?: number };
  answers?: { running?: number; waiting?: number; places?: number };
  nodes?: ClusterNode[];
  rates?: { tokensPerSecond?: number; computeMs?: number; syncMs?: number; prefillTokensPerSecond?: number };
  history?: Sample[];
  events?: ClusterEvent[];
  plan?: PlanRow[];
}

export interface ClusterNode {
  id: string;
  /** Host and port. */
  address?: string;
  role: "root" | "worker" | "spare";
  rank?: number;
  state?: "joined" | "loading" | "ready" | "lost";
  memoryTotal?: number;
  memoryAvailable?: number;
  sliceBytes?: number;
  loadedBytes?: number;
  cores?: number;
  /** Load average: how many threads want to run. */
  load?: number;
  roundTripMs?: number;
  /** Of the time of steps, the share in which others waited for this one, 0 to 1. */
  waitShare?: number;
  /** Whether it stands out by that. */
  slowest?: boolean;
  layers?: number;
  /** Of every layer. */
  heads?: { first: number; count: number; of: number };
}

/** Means of a second with work. */
export interface Sample {
  at: number;
  tokensPerSecond?: number;
  computeMs?: number;
  syncMs?: number;
}

export interface ClusterEvent {
  at: number;
  kind: string;
  text: string;
}

export interface PlanRow {
  nodes: number;
  bytesPerNode?: number;
  fits?: boolean;
  predictedMsPerToken?: number;
}

/** The latest that was told; null before the first. */
export const cluster = signal<Cluster | null>(null);
/** Why there is no newer one. */
export const clusterTrouble = signal<ApiError | null>(null);

const OFTEN_MS = 1_000;
/** For the line at the top, and to say why an answer pauses. */
const SELDOM_MS = 5_000;
const LATE_MS = 10_000;

let refusedKey = false;

async function poll(): Promise<void> {
  let response: Response;
  try {
    response = await fetch("cluster", { headers: authorization(), signal: AbortSignal.timeout(LATE_MS) });
  } catch {
    clusterTrouble.value = networkError();
    return;
  }
  if (response.ok) {
    cluster.value = (await response.json()) as Cluster;
    clusterTrouble.value = null;
    return;
  }
  const error = await errorOf(response);
  clusterTrouble.value = error;
  // Asked once; then the user has to want something before being asked again.
  if (error.kind === "key" && !refusedKey) refusedKey = !(await askForKey(error.message));
}

/** Asks while the page is seen: once a second in the view of the cluster or while `busy`. */
export function startCluster(busy: () => boolean): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  const round = async (): Promise<void> => {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    await poll().catch(() => undefined);
    running = false;
    timer = setTimeout(() => void round(), view.peek() === "cluster" || busy() ? OFTEN_MS : SELDOM_MS);
  };
  document.addEventListener("visibilitychange", () => void round());
  // At once where another view is shown, or an answer begins.
  effect(() => {
    if (view.value === "cluster" || busy() || cluster.peek() === null) void round();
  });
}

/** What outlives the page: localStorage, or plain memory where that is forbidden. */

import type { Access, Outgoing, Owner } from "./types.js";

export interface State {
  access?: Access;
  /** Subject of the identity that the conversation was signed in with. */
  subject?: string;
  /** Highest sequence number that the shopper has seen. */
  read: number;
  owner: Owner;
  /** A talk with a person ended and may be rated. */
  rate?: boolean;
  activeAt: number;
  queue: Outgoing[];
  /** Payload, or client_id of a chosen button, to the words that were on the button. */
  labels: Record<string, string>;
  draft: string;
  language?: string;
}

const KEPT_LABELS = 200;
const fallback = new Map<string, string>();

export function readItem(key: string): string | null {
  try {
    return localStorage.getItem(key) ?? fallback.get(key) ?? null;
  } catch {
    return fallback.get(key) ?? null;
  }
}

export function writeItem(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
    fallback.delete(key);
  } catch {
    fallback.set(key, value);
  }
}

export class Memory {
  private readonly key: string;

  constructor(base: string) {
    this.key = `shopbell:${base}`;
  }

  /** Read anew each time: another tab of the shop may have changed it. */
  get(): State {
    const empty: State = { read: 0, owner: "bot", activeAt: 0, queue: [], labels: {}, draft: "" };
    try {
      return { ...empty, ...(JSON.parse(readItem(this.key) ?? "{}") as Partial<State>) };
    } catch {
      return empty;
    }
  }

  change(change: (state: State) => void): void {
    const state = this.get();
    change(state);
    const labels = Object.entries(state.labels);
    if (labels.length > KEPT_LABELS) {
      state.labels = Object.fromEntries(labels.slice(-KEPT_LABELS));
    }
    writeItem(this.key, JSON.stringify(state));
  }
}

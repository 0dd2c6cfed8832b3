/** Keeps the drawn transcript in step with the talk, touching only what changed. */

import { drawEntry, type Entry, type EntryActions } from "./message.js";
import type { QueueState, Talk } from "./talk.js";
import type { Choice, Outgoing, Owner, Row, Speaker } from "./types.js";
import type { WordBook } from "./words.js";

const PAUSE_MS = 15 * 60_000;
const STARTERS = ["order", "returns", "product"];

interface Drawn {
  element: HTMLElement;
  looks: string;
  choosable: boolean;
}

export class Transcript {
  private readonly drawn = new Map<string, Drawn>();
  /** The shopper reads the end, so new messages may move the transcript. */
  private follows = true;
  private newest: string | undefined;
  private placedAt = 0;

  constructor(
    private readonly log: HTMLElement,
    private readonly actions: EntryActions,
  ) {
    log.addEventListener("scroll", () => {
      if (Math.abs(log.scrollTop - this.placedAt) > 1) this.follows = this.isAtEnd;
    });
    // The keyboard, the rating and the typing dots take room away.
    new ResizeObserver(() => this.follows && this.scroll()).observe(log);
  }

  update(talk: Talk, words: WordBook): void {
    const added = this.draw(compose(talk, words), words);
    if (added.some((entry) => entry.clientId)) this.follows = true;
    if (added.length) this.newest = added[0]?.key;
    if (this.follows) this.scroll();
  }

  /** Draw everything anew, in another language for example. */
  clear(): void {
    this.drawn.clear();
    this.log.replaceChildren();
  }

  toEnd(): void {
    this.follows = true;
    this.newest = undefined;
    this.scroll();
  }

  private get isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  private draw(entries: Entry[], words: WordBook): Entry[] {
    const added: Entry[] = [];
    let after: Element | null = null;
    for (const entry of entries) {
      const known = this.drawn.get(entry.key);
      if (!known) added.push(entry);
      const element = this.place(entry, known, words);
      const next: ChildNode | null = after ? after.nextSibling : this.log.firstChild;
      if (next !== element) this.log.insertBefore(element, next);
      after = element;
    }
    this.drop(new Set(entries.map((entry) => entry.key)));
    return added;
  }

  private place(entry: Entry, known: Drawn | undefined, words: WordBook): HTMLElement {
    const looks = JSON.stringify({ ...entry, choosable: 0 });
    if (known?.looks === looks) {
      if (known.choosable !== entry.choosable) setChoosable(known, entry.choosable);
      return known.element;
    }
    const element = drawEntry(entry, words, this.actions);
    // The shopper knows what they wrote: only what others say is read aloud.
    if (entry.speaker === "shopper") element.setAttribute("aria-live", "off");
    known?.element.replaceWith(element);
    this.drawn.set(entry.key, { element, looks, choosable: entry.choosable });
    return element;
  }

  private drop(kept: Set<string>): void {
    for (const [key, { element }] of this.drawn) {
      if (kept.has(key)) continue;
      element.remove();
      this.drawn.delete(key);
    }
  }

  /** Scroll to the end, but not past the beginning of a long answer. */
  private scroll(): void {
    const first = this.newest && this.drawn.get(this.newest)?.element;
    const top = first ? first.offsetTop - 12 : Infinity;
    const end = this.log.scrollHeight - this.log.clientHeight;
    this.log.scrollTop = Math.min(end, top);
    this.placedAt = this.log.scrollTop;
  }
}

function setChoosable(drawn: Drawn, choosable: boolean): void {
  drawn.choosable = choosable;
  const box = drawn.element.querySelector(".choices");
  box?.classList.toggle("past", !choosable);
  box?.querySelectorAll("button").forEach((button) => (button.disabled = !choosable));
}

/** What the shopper said, in words: a button's payload is shown by its label. */
export function shownText(
  text: string,
  clientId: string | null | undefined,
  labels: Record<string, string>,
  words: WordBook,
): string {
  const label = clientId ? labels[clientId] : undefined;
  if (label) return label;
  if (!text.startsWith("/")) return text;
  const key = `payload.${text.slice(1)}`;
  return words.has(key) ? words.say(key) : (labels[text] ?? text);
}

function compose(talk: Talk, words: WordBook): Entry[] {
  const { labels, queue } = talk.memory.get();
  const rows = talk.ordered;
  const entries = [welcome(words, !rows.length && !queue.length && !talk.renewed)];
  if (talk.renewed) entries.push(note("renewed", words.say("renewed")));
  const lastShopper = rows.map((row) => row.speaker).lastIndexOf("shopper");
  const speaking = queue.some((entry) => !entry.refused);
  rows.forEach((row, index) => {
    const choosable = index > lastShopper && !speaking && stands(rows, index, talk.owner);
    entries.push(confirmed(row, choosable, index === rows.length - 1, labels, words));
  });
  queue.forEach((waiting) => entries.push(unsent(waiting, talk.queueState, labels, words)));
  return withRuns(entries);
}

/** Whether what a message offers can still be taken: nobody has offered or taken over since. */
function stands(rows: Row[], index: number, owner: Owner): boolean {
  const later = rows.slice(index + 1);
  if (owner === "agent" || later.some((row) => row.choices?.length || row.speaker === "agent")) {
    return false;
  }
  // Notices offer ways out of the queue; once it is left they lead nowhere.
  return rows[index]?.speaker !== "system" || owner === "queue" || !later.length;
}

function welcome(words: WordBook, fresh: boolean): Entry {
  const choices: Choice[] = STARTERS.map((name) => {
    const label = words.say(`starter.${name}`);
    return { label, value: label };
  });
  const text = words.say("welcome");
  return { ...note("welcome", text, "bot"), choices: fresh ? choices : [], choosable: fresh };
}

function note(key: string, text: string, speaker: Speaker = "system"): Entry {
  const plain = { at: null, choices: [], choosable: false, leads: false, paused: false };
  return { key, speaker, text, ...plain };
}

function confirmed(
  row: Row,
  choosable: boolean,
  last: boolean,
  labels: Record<string, string>,
  words: WordBook,
): Entry {
  const mine = row.speaker === "shopper";
  const text = mine ? shownText(row.text, row.client_id, labels, words) : row.text;
  return {
    ...note(row.client_id || row.id, text, row.speaker),
    // A provisional number would redraw the entry when the true one comes.
    row: { ...row, seq: 0 },
    at: row.sent_at ?? null,
    choices: row.choices ?? [],
    choosable,
    ...(mine && last ? { state: "sent" as const } : {}),
  };
}

function unsent(
  waiting: Outgoing,
  queueState: QueueState,
  labels: Record<string, string>,
  words: WordBook,
): Entry {
  const entry = note(
    waiting.client_id,
    shownText(waiting.text, waiting.client_id, labels, words),
    "shopper",
  );
  entry.at = waiting.at;
  entry.clientId = waiting.client_id;
  entry.state = waiting.refused ? "refused" : queueState;
  const trouble = `error.${waiting.refused ?? ""}`;
  if (waiting.refused && words.has(trouble)) entry.trouble = trouble;
  return entry;
}

function withRuns(entries: Entry[]): Entry[] {
  let before: Entry | undefined;
  let time = 0;
  for (const entry of entries) {
    const at = entry.at ? Date.parse(entry.at) : NaN;
    entry.paused = !Number.isNaN(at) && at - time > PAUSE_MS;
    entry.leads = entry.paused || entry.speaker !== before?.speaker;
    if (!Number.isNaN(at)) time = at;
    before = entry;
  }
  return entries;
}

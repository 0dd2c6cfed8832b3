/** Draw one entry of the transcript. */

import { drawCard } from "./cards.js";
import { glyph, h, link, linkify, safeUrl, type Child } from "./dom.js";
import type { Choice, Row, Source, Speaker } from "./types.js";
import type { WordBook } from "./words.js";

/** A message as the transcript shows it, confirmed or not. */
export interface Entry {
  key: string;
  speaker: Speaker;
  text: string;
  at: string | null;
  row?: Row;
  choices: Choice[];
  choosable: boolean;
  /** Begins a run of one speaker's messages. */
  leads: boolean;
  /** A pause went before: the time is shown. */
  paused: boolean;
  state?: "sending" | "sent" | "waiting" | "failed" | "refused";
  trouble?: string;
  clientId?: string;
}

export interface EntryActions {
  choose(choice: Choice): void;
  retry(): void;
  edit(clientId: string): void;
}

export function drawEntry(entry: Entry, words: WordBook, actions: EntryActions): HTMLElement {
  const lead = entry.leads ? " leads" : "";
  return h(
    "article",
    { class: `entry ${entry.speaker}${lead}` },
    entry.paused && entry.at && timeLine(entry.at, words.language),
    entry.leads && entry.speaker === "bot" && h("span", { class: "face" }, glyph("lantern")),
    entry.leads && entry.speaker === "agent" && h("span", { class: "face" }, glyph("person")),
    h("span", { class: "unseen" }, words.say(`speaker.${entry.speaker}`)),
    h("div", { class: "bubble", dir: "auto" }, ...linkify(entry.text)),
    ...cards(entry, words),
    sources(entry.row?.sources ?? [], words),
    choices(entry, actions),
    delivery(entry, words, actions),
  );
}

function cards(entry: Entry, words: WordBook): Child[] {
  return (entry.row?.cards ?? []).map((card) => drawCard(card, words));
}

function sources(found: Source[], words: WordBook): Child {
  const titles = new Set<string>();
  const once = found.filter(({ title }) => title && !titles.has(title) && titles.add(title));
  if (!once.length) return null;
  const lines = once.map(({ title, url }) => {
    const line = words.say("source", { title });
    const safe = safeUrl(url);
    return h("li", {}, glyph("source"), safe ? link(safe, line) : h("span", {}, line));
  });
  return h("ul", { class: "sources" }, ...lines);
}

function choices(entry: Entry, actions: EntryActions): Child {
  if (!entry.choices.length) return null;
  const buttons = entry.choices.map((choice) =>
    h(
      "button",
      {
        type: "button",
        class: "choice",
        disabled: !entry.choosable,
        onclick: () => actions.choose(choice),
      },
      choice.label,
    ),
  );
  return h("div", { class: entry.choosable ? "choices" : "choices past" }, ...buttons);
}

function delivery(entry: Entry, words: WordBook, actions: EntryActions): Child {
  const { state, clientId } = entry;
  if (!state) return null;
  const line = h("p", { class: `delivery ${state}` }, words.say(entry.trouble ?? state));
  if (state === "failed" || state === "waiting") {
    line.append(small(words.say("retry"), () => actions.retry()));
  }
  if (state === "refused" && clientId) {
    line.append(small(words.say("edit"), () => actions.edit(clientId)));
  }
  return line;
}

function small(words: string, onclick: () => void): HTMLElement {
  return h("button", { type: "button", class: "small", onclick }, words);
}

function timeLine(at: string, language: string): Child {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return null;
  const today = date.toDateString() === new Date().toDateString();
  const format: Intl.DateTimeFormatOptions = today
    ? { hour: "2-digit", minute: "2-digit" }
    : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  const words = new Intl.DateTimeFormat(language, format).format(date);
  return h("time", { datetime: date.toISOString() }, words);
}

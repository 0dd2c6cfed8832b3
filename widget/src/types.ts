/** What the server says and what the widget keeps; the server's names, unchanged. */

export type Speaker = "shopper" | "bot" | "agent" | "system";
export type Owner = "bot" | "queue" | "agent";

export interface Choice {
  label: string;
  /** What choosing it sends: words, or a payload such as "/contact_human". */
  value: string;
}

export interface Source {
  title: string;
  article_id?: string;
  version?: number | string;
  url?: string | null;
}

/** Facts of the text again: {"type": "order" | "product", ...fields or "data": {fields}}. */
export type Card = { type: string } & Record<string, unknown>;

export interface Row {
  id: string;
  seq: number;
  speaker: Speaker;
  text: string;
  choices?: Choice[];
  cards?: Card[];
  sources?: Source[];
  sent_at?: string | null;
  client_id?: string | null;
  agent?: unknown;
}

export interface TurnAnswer {
  message_id: string;
  owner: Owner;
  replies: Row[];
  handoff?: { id: string; reason: string; position: number | null } | null;
}

export interface History {
  messages: Row[];
  owner: Owner;
  handoff?: { position?: number | null } | null;
}

export interface Frame {
  type: string;
  seq?: number;
  [field: string]: unknown;
}

/** One message of the shopper that the server has not confirmed yet. */
export interface Outgoing {
  client_id: string;
  text: string;
  /** The words of a chosen button, shown in place of its payload. */
  label?: string;
  at: string;
  /** The server said why it will never take this text; the error's code. */
  refused?: string;
}

export interface Access {
  id: string;
  token: string;
}

export interface WordsAnswer {
  language: string;
  /** Language to its own name, such as {"en": "English"}. */
  languages: Record<string, string>;
  words: Record<string, string>;
}

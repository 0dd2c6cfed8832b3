/** The widget's words: fetched from the server, kept for the next page and for offline. */

import type { Api } from "./api.js";
import { readItem, writeItem } from "./memory.js";
import type { WordsAnswer } from "./types.js";

export class WordBook {
  private constructor(private readonly answer: WordsAnswer) {}

  get language(): string {
    return this.answer.language;
  }

  /** The other languages, each with its own name. */
  get others(): [string, string][] {
    return Object.entries(this.answer.languages).filter(([code]) => code !== this.language);
  }

  has(key: string): boolean {
    return `widget.${key}` in this.answer.words;
  }

  say(key: string, values: Record<string, string | number> = {}): string {
    const wording = this.answer.words[`widget.${key}`] ?? "";
    return wording.replace(/\{(\w+)\}/g, (blank, name: string) => String(values[name] ?? blank));
  }

  /** A value of the shop, such as a colour, in the shopper's language if the shop has a word. */
  term(value: string): string {
    const key = `term.${value.trim().toLowerCase().split(/\s+/).join("_")}`;
    return this.answer.words[key] ?? value;
  }

  /** Give kept words at once, then fresh ones when they differ. Rejects without any. */
  static async load(
    api: Api,
    base: string,
    language: string,
    give: (words: WordBook) => void,
  ): Promise<void> {
    const key = `shopbell-words:${base}:${language}`;
    const kept = readItem(key);
    if (kept) give(new WordBook(JSON.parse(kept) as WordsAnswer));
    try {
      const fresh = await api.words(language);
      const text = JSON.stringify(fresh);
      if (text === kept) return;
      writeItem(key, text);
      give(new WordBook(fresh));
    } catch (error) {
      if (!kept) throw error;
    }
  }
}

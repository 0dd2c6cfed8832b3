/** The custom element: the launcher, the panel, and what the keyboard and the pointer do. */

import { Api } from "./api.js";
import { glyph, h } from "./dom.js";
import { Memory } from "./memory.js";
import type { EntryActions } from "./message.js";
import { drawRating } from "./rating.js";
import css from "./style.css";
import { Talk, type TalkEvents } from "./talk.js";
import { Transcript } from "./transcript.js";
import type { Row } from "./types.js";
import { WordBook } from "./words.js";

export interface SetUp {
  base: string;
  language: string;
  position: "left" | "right";
  identity: string | null;
}

const PERSON = "/contact_human";
const LONGEST_TEXT = 10_000;
const FULL_SCREEN = "(max-width: 667px), (max-height: 480px)";
const ACTIVE_MS = 30 * 60_000;
const WORDS_RETRY_MS = 5_000;

export class ShopbellChat extends HTMLElement {
  private setting!: SetUp;
  private api!: Api;
  private talk!: Talk;
  private words: WordBook | null = null;
  private isOpen = false;
  private ready = false;
  private drawing = 0;
  private transcript!: Transcript;
  private readonly root: ShadowRoot;
  private readonly full = window.matchMedia(FULL_SCREEN);

  private readonly badge = h("span", { class: "badge", hidden: true });
  private readonly launcher = h(
    "button",
    { type: "button", class: "launcher", "aria-expanded": "false", "aria-controls": "panel" },
    glyph("lantern"),
    glyph("down"),
    this.badge,
  );
  private readonly heading = h("h2", { id: "title" });
  private readonly presence = h("p", { class: "presence", role: "status" });
  private readonly menuButton = h(
    "button",
    { type: "button", class: "icon", "aria-expanded": "false", "aria-controls": "menu" },
    glyph("more"),
  );
  private readonly closeButton = h("button", { type: "button", class: "icon" }, glyph("close"));
  private readonly menu = h("div", { id: "menu", class: "menu", hidden: true });
  private readonly banner = h("div", { class: "banner", role: "status" });
  private readonly log = h("div", { class: "log", role: "log", tabindex: 0, "aria-live": "off" });
  private readonly dots = h("div", { class: "dots", hidden: true }, h("i"), h("i"), h("i"));
  private readonly dotsWords = h("span", { class: "unseen" });
  private readonly rating = h("div", { class: "rating", hidden: true });
  private readonly input = h("textarea", {
    id: "text",
    rows: 1,
    enterkeyhint: "send",
    autocomplete: "off",
    "aria-describedby": "trouble",
  });
  private readonly sendButton = h("button", { type: "submit", class: "send" }, glyph("send"));
  private readonly label = h("label", { for: "text", class: "unseen" });
  private readonly trouble = h("p", { id: "trouble", class: "trouble", role: "alert" });
  private readonly personWords = h("span");
  private readonly personButton = h(
    "button",
    { type: "button", class: "person" },
    glyph("person"),
    this.personWords,
  );
  private readonly disclosure = h("span", { class: "disclosure" });
  private readonly form = h(
    "form",
    { class: "composer", novalidate: true },
    this.label,
    h("div", { class: "field" }, this.input, this.sendButton),
    this.trouble,
    h("div", { class: "foot" }, this.personButton, this.disclosure),
  );
  private readonly panel = h(
    "section",
    { id: "panel", class: "panel", role: "dialog", "aria-labelledby": "title", tabindex: -1 },
    h(
      "header",
      { class: "head" },
      h("span", { class: "mark" }, glyph("lantern")),
      h("div", { class: "who" }, this.heading, this.presence),
      this.menuButton,
      this.closeButton,
      this.menu,
    ),
    this.banner,
    this.log,
    this.dots,
    this.rating,
    this.form,
  );

  constructor() {
    super();
    this.root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
  }

  setUp(setting: SetUp): void {
    this.setting = setting;
    this.api = new Api(setting.base);
    const events: TalkEvents = {
      changed: () => this.drawSoon(),
      arrived: (row) => this.tell("message", publicRow(row)),
      failed: (code) => this.tell("error", { code }),
    };
    this.talk = new Talk(this.api, new Memory(setting.base), events);
    this.talk.identity = setting.identity;
  }

  connectedCallback(): void {
    if (this.transcript || !this.setting) return;
    const actions: EntryActions = {
      choose: (choice) => {
        this.talk.say(choice.value, choice);
        this.settle();
      },
      retry: () => this.talk.retry(),
      edit: (clientId) => this.takeBack(clientId),
    };
    this.transcript = new Transcript(this.log, actions);
    this.dots.append(this.dotsWords);
    this.panel.hidden = true;
    this.launcher.hidden = true;
    this.root.append(this.panel, this.launcher);
    this.classList.add(this.setting.position);
    this.listen();
    void this.speak(this.wantedLanguage());
  }

  open(text?: string): void {
    if (text !== undefined) this.fill(text);
    if (this.isOpen) {
      this.input.focus();
      return;
    }
    if (!this.words) return;
    this.isOpen = true;
    this.panel.hidden = false;
    this.launcher.setAttribute("aria-expanded", "true");
    this.classList.add("open");
    this.fit();
    this.grow();
    this.draw();
    this.transcript.toEnd();
    this.input.focus({ preventScroll: true });
    this.talk.start().catch(() => undefined);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.showMenu(false);
    this.panel.hidden = true;
    this.launcher.setAttribute("aria-expanded", "false");
    this.classList.remove("open");
    this.fit();
    this.draw();
    this.launcher.focus({ preventScroll: true });
  }

  toggle(): void {
    if (this.isOpen) this.close();
    else this.open();
  }

  async setIdentity(identity: string | null): Promise<void> {
    await this.talk.setIdentity(identity);
    this.afterReset();
  }

  async setLanguage(language: string): Promise<void> {
    await this.speak(language);
  }

  reset(): void {
    this.talk.reset();
    this.afterReset();
  }

  // -- the words ---------------------------------------------------------------------------

  private wantedLanguage(): string {
    const { language } = this.talk.memory.get();
    if (language) return language;
    if (this.setting.language !== "auto") return this.setting.language;
    return document.documentElement.lang || navigator.language || "";
  }

  /** Put the widget in a language; without any words it stays out of sight and tries again. */
  private async speak(language: string): Promise<void> {
    try {
      await WordBook.load(this.api, this.setting.base, language, (words) => this.relabel(words));
    } catch {
      this.tell("error", { code: "no_words" });
      if (!this.words) window.setTimeout(() => void this.speak(language), WORDS_RETRY_MS);
    }
  }

  private relabel(words: WordBook): void {
    this.words = words;
    this.talk.language = words.language;
    this.panel.lang = words.language;
    this.launcher.lang = words.language;
    this.heading.textContent = words.say("title");
    this.label.textContent = words.say("placeholder");
    this.input.placeholder = words.say("placeholder");
    this.log.setAttribute("aria-label", words.say("transcript"));
    name(this.sendButton, words.say("send"));
    name(this.closeButton, words.say("close"));
    name(this.menuButton, words.say("menu"));
    this.personWords.textContent = words.say("person");
    this.disclosure.textContent = words.say("disclosure");
    this.dotsWords.textContent = words.say("typing");
    this.transcript.clear();
    this.launcher.hidden = false;
    this.draw();
    this.becomeReady();
  }

  private becomeReady(): void {
    if (this.ready) return;
    this.ready = true;
    const state = this.talk.memory.get();
    this.fill(state.draft);
    const busy = state.owner !== "bot" || state.queue.length > 0;
    const lately = Date.now() - state.activeAt < ACTIVE_MS;
    // A talk that may go on is taken up at once, so that the launcher can show an answer.
    if (state.access && (busy || lately)) this.talk.start().catch(() => undefined);
    this.tell("ready", { language: this.words?.language });
  }

  // -- drawing -----------------------------------------------------------------------------

  private drawSoon(): void {
    if (this.drawing) return;
    this.drawing = window.requestAnimationFrame(() => this.draw());
    // Hidden pages get no frames, but their launcher counts on.
    if (document.hidden) window.setTimeout(() => this.draw(), 0);
  }

  private draw(): void {
    window.cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const { words, talk } = this;
    if (!words) return;
    this.transcript.update(talk, words);
    this.log.setAttribute("aria-live", talk.link === "online" ? "polite" : "off");
    this.presence.textContent = presenceWords(talk, words);
    this.panel.dataset["owner"] = talk.owner;
    this.dots.hidden = !talk.isTyping;
    this.personButton.hidden = talk.owner !== "bot";
    this.disclosure.hidden = talk.owner !== "bot";
    this.drawBanner(words);
    this.drawRating(words);
    if (this.isOpen) talk.markRead();
    this.drawLauncher(words);
  }

  private drawLauncher(words: WordBook): void {
    const { unread } = this.talk;
    this.badge.hidden = this.isOpen || !unread;
    this.badge.textContent = unread > 9 ? "9+" : String(unread);
    const key = this.isOpen ? "close" : unread ? "unread" : "open";
    name(this.launcher, words.say(key, { count: unread }));
  }

  private drawBanner(words: WordBook): void {
    const { link } = this.talk;
    const shown = link === "offline" || link === "connecting" ? link : "";
    if (this.banner.dataset["link"] === shown + words.language) return;
    this.banner.dataset["link"] = shown + words.language;
    this.banner.className = `banner ${shown}`;
    this.banner.replaceChildren(shown && words.say(shown));
    if (link !== "offline") return;
    const retry = () => this.talk.start().catch(() => undefined);
    const button = h("button", { type: "button", class: "small", onclick: retry });
    button.textContent = words.say("retry");
    this.banner.append(button);
  }

  private drawRating(words: WordBook): void {
    const wanted = Boolean(this.talk.memory.get().rate);
    const shown = this.rating.dataset["language"];
    if (wanted && shown !== words.language) {
      this.rating.dataset["language"] = words.language;
      this.rating.replaceChildren(
        ...drawRating(words, (score) => this.rate(score)),
      );
      this.rating.hidden = false;
    } else if (!wanted && shown) {
      delete this.rating.dataset["language"];
      this.rating.hidden = true;
    }
  }

  private async rate(score: number | null): Promise<void> {
    if (score === null) {
      this.talk.memory.change((state) => (state.rate = false));
      this.draw();
      this.settle();
      return;
    }
    try {
      await this.talk.rate(score);
      if (this.words) this.say(this.words.say("rate.thanks"), "kind");
    } catch {
      if (this.words) this.say(this.words.say("error.rating"));
    }
    this.settle();
  }

  // -- the menu ----------------------------------------------------------------------------

  private showMenu(show: boolean): void {
    const { words } = this;
    if (show && words) {
      const item = (icon: Parameters<typeof glyph>[0], text: string, act: () => void) =>
        h("button", { type: "button", onclick: act }, glyph(icon), h("span", {}, text));
      const languages = words.others.map(([code, own]) => {
        const button = item("globe", own, () => this.chooseLanguage(code));
        button.lang = code;
        return button;
      });
      const person = item("person", words.say("person"), () => this.askForPerson());
      const fresh = item("fresh", words.say("restart"), () => this.restart());
      this.menu.replaceChildren(
        ...(this.talk.owner === "bot" ? [person] : []),
        ...languages,
        fresh,
      );
    }
    this.menu.hidden = !show;
    this.menuButton.setAttribute("aria-expanded", String(show));
    if (show) this.menu.querySelector("button")?.focus();
  }

  private chooseLanguage(language: string): void {
    this.talk.memory.change((state) => (state.language = language));
    this.showMenu(false);
    void this.speak(language);
    this.settle();
  }

  private askForPerson(): void {
    this.showMenu(false);
    const label = this.words?.say("person") ?? PERSON;
    this.talk.say(PERSON, { label, value: PERSON });
    this.settle();
  }

  private restart(): void {
    this.showMenu(false);
    this.reset();
    this.settle();
  }

  private afterReset(): void {
    this.draw();
    if (this.isOpen && !this.talk.access) this.talk.start().catch(() => undefined);
  }

  // -- writing -----------------------------------------------------------------------------

  private submit(): void {
    const text = this.input.value.trim();
    if (!text) return;
    if ([...text].length > LONGEST_TEXT) {
      this.say(this.words?.say("error.text_too_long") ?? "");
      return;
    }
    this.say("");
    this.fill("");
    this.talk.say(text);
    this.input.focus();
  }

  private fill(text: string): void {
    this.input.value = text;
    this.grow();
  }

  private takeBack(clientId: string): void {
    const entry = this.talk.queue.find((one) => one.client_id === clientId);
    if (!entry) return;
    this.talk.withdraw(clientId);
    this.fill(entry.text);
    this.input.focus();
  }

  private say(words: string, tone: "kind" | "trouble" = "trouble"): void {
    this.trouble.textContent = words;
    this.trouble.className = tone;
    this.input.setAttribute("aria-invalid", String(Boolean(words) && tone === "trouble"));
  }

  private grow(): void {
    if (!this.isOpen) return;
    this.input.style.blockSize = "auto";
    this.input.style.blockSize = `${Math.min(this.input.scrollHeight, 132)}px`;
    this.sendButton.classList.toggle("filled", Boolean(this.input.value.trim()));
  }

  /** Leave the focus where the shopper goes on: not on a button that has just gone. */
  private settle(): void {
    // On a phone the input would bring up the keyboard over the answer.
    const coarse = window.matchMedia("(pointer: coarse)").matches;
    (coarse ? this.log : this.input).focus({ preventScroll: true });
  }

  // -- events ------------------------------------------------------------------------------

  private listen(): void {
    this.launcher.addEventListener("click", () => this.toggle());
    this.closeButton.addEventListener("click", () => this.close());
    this.menuButton.addEventListener("click", () => this.showMenu(Boolean(this.menu.hidden)));
    this.personButton.addEventListener("click", () => this.askForPerson());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.input.addEventListener("keydown", (event) => this.onInputKey(event));
    this.input.addEventListener("input", () => this.onInput());
    this.panel.addEventListener("keydown", (event) => this.onPanelKey(event));
    this.panel.addEventListener("pointerdown", (event) => {
      const inside = event.composedPath();
      if (!inside.includes(this.menu) && !inside.includes(this.menuButton)) this.showMenu(false);
    });
    window.addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.wake();
    });
    window.addEventListener("storage", () => this.talk.follow());
    this.full.addEventListener("change", () => this.fit());
    window.visualViewport?.addEventListener("resize", () => this.fit());
    window.visualViewport?.addEventListener("scroll", () => this.fit());
  }

  private wake(): void {
    this.talk.wake();
    if (this.isOpen && !this.talk.access) this.talk.start().catch(() => undefined);
  }

  private onInput(): void {
    this.grow();
    this.say("");
    this.talk.typing();
    this.talk.memory.change((state) => (state.draft = this.input.value));
  }

  private onInputKey(event: KeyboardEvent): void {
    // While an input method composes, Enter picks a character; 229 is how Safari says so.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) {
      return;
    }
    event.preventDefault();
    this.submit();
  }

  private onPanelKey(event: KeyboardEvent): void {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.menu.hidden) {
        this.close();
      } else {
        this.showMenu(false);
        this.menuButton.focus();
      }
    } else if (event.key === "Tab" && this.full.matches) {
      this.keepFocus(event);
    }
  }

  /** Full screen hides the page, so the focus must not wander off behind it. */
  private keepFocus(event: KeyboardEvent): void {
    const all = [...this.panel.querySelectorAll<HTMLElement>("button, a, textarea, [tabindex='0']")];
    const stops = all.filter((stop) => stop.getClientRects().length && !stop.matches(":disabled"));
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    const other = event.shiftKey ? stops.at(-1) : stops[0];
    const { activeElement } = this.root;
    if (activeElement !== edge && activeElement !== this.panel) return;
    event.preventDefault();
    other?.focus();
  }

  /** Take the room that the on-screen keyboard leaves, and hold the page still behind. */
  private fit(): void {
    const cover = this.isOpen && this.full.matches;
    const view = window.visualViewport;
    this.panel.setAttribute("aria-modal", String(cover));
    this.panel.style.blockSize = cover && view ? `${view.height}px` : "";
    this.panel.style.transform = cover && view?.offsetTop ? `translateY(${view.offsetTop}px)` : "";
    document.documentElement.style.overflow = cover ? "hidden" : "";
  }

  private tell(event: string, detail: unknown): void {
    window.dispatchEvent(new CustomEvent(`shopbell:${event}`, { detail }));
  }
}

function name(button: HTMLElement, words: string): void {
  button.setAttribute("aria-label", words);
  button.title = words;
}

function presenceWords(talk: Talk, words: WordBook): string {
  if (talk.owner !== "queue") return words.say(`presence.${talk.owner}`);
  return talk.position
    ? words.say("presence.place", { position: talk.position })
    : words.say("presence.queue");
}

function publicRow(row: Row): object {
  const { id, seq, speaker, text } = row;
  return { id, seq, speaker, text };
}

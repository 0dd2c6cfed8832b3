/** What the snippet runs: puts the widget on the page and gives the page its handle. */

import { ShopbellChat } from "./element.js";

type Listener = (detail: unknown) => void;

const NAME = "shopbell-chat";

function handle(chat: ShopbellChat) {
  return {
    /** Open the panel; `text` is put in the input for the shopper to send. */
    open: (options?: { text?: string }) => chat.open(options?.text),
    close: () => chat.close(),
    toggle: () => chat.toggle(),
    /** Sign in with a token of the shop, or out with null. */
    setIdentity: (identity: string | null) => chat.setIdentity(identity),
    setLanguage: (language: string) => chat.setLanguage(language),
    reset: () => chat.reset(),
    /** Listen to "ready", "message" or "error"; call the result to stop. */
    on: (name: string, listener: Listener) => {
      const hear = (event: Event) => listener((event as CustomEvent).detail);
      window.addEventListener(`shopbell:${name}`, hear);
      return () => window.removeEventListener(`shopbell:${name}`, hear);
    },
  };
}

function start(script: HTMLScriptElement | null): void {
  if (customElements.get(NAME)) return;
  customElements.define(NAME, ShopbellChat);
  const chat = document.createElement(NAME) as ShopbellChat;
  const { language, position, identity, server } = script?.dataset ?? {};
  const base = new URL(server ?? ".", server ? document.baseURI : script?.src || location.href);
  chat.setUp({
    base: base.href.replace(/\/$/, ""),
    language: language ?? "auto",
    position: position === "left" ? "left" : "right",
    identity: identity || null,
  });
  Object.assign(window, { shopbell: handle(chat) });
  const put = () => document.body.append(chat);
  if (document.body) put();
  else document.addEventListener("DOMContentLoaded", put);
}

start(document.currentScript as HTMLScriptElement | null);

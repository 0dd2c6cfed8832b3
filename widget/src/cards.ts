/** Cards repeat what the text says, in a form that is quicker to read. */

import { h, glyph, link, safeUrl, type Child } from "./dom.js";
import type { Card } from "./types.js";
import type { WordBook } from "./words.js";

type Fields = Record<string, unknown>;

/** Draw a card; null for a kind that this widget doesn't know: its text says it all. */
export function drawCard(card: Card, words: WordBook): HTMLElement | null {
  const fields = { ...card, ...(isFields(card["data"]) ? card["data"] : {}) };
  if (card.type === "order") return orderCard(fields, words);
  if (card.type === "product") return productCard(fields, words);
  return null;
}

function orderCard(order: Fields, words: WordBook): HTMLElement {
  const status = text(order["status"]);
  const total = money(order["total"], order["currency"], words);
  return h(
    "section",
    { class: "card order", "aria-label": words.say("order", { number: text(order["number"]) }) },
    h(
      "header",
      { class: "card-head" },
      glyph("parcel"),
      h("strong", {}, words.say("order", { number: text(order["number"]) })),
      status && h("span", { class: `chip ${chipTone(status)}` }, statusWords(status, words)),
    ),
    h("ul", { class: "items" }, ...list(order["items"]).map((item) => orderItem(item, words))),
    total && h("p", { class: "total" }, h("span", {}, words.say("total")), h("span", {}, total)),
    ...list(order["shipments"]).map((parcel) => shipment(parcel, words)),
  );
}

function orderItem(item: Fields, words: WordBook): HTMLElement {
  const price = money(item["unit_price"], item["currency"], words);
  return h(
    "li",
    {},
    h("span", { class: "item" }, titleOf(item, words), optionLine(item["options"], words)),
    h("span", { class: "count" }, `× ${text(item["quantity"]) || "1"}`),
    price && h("span", { class: "price" }, price),
  );
}

function shipment(parcel: Fields, words: WordBook): HTMLElement {
  const url = safeUrl(text(parcel["url"]));
  const number = text(parcel["tracking_number"]);
  const eta = day(parcel["eta"], words.language);
  const facts: Child[] = [
    h("span", {}, text(parcel["carrier"]) || words.say("parcel")),
    h("span", { class: "number" }, url ? link(url, number) : number),
    eta && h("span", {}, words.say("eta", { date: eta })),
  ];
  return h("p", { class: "parcel" }, ...facts);
}

function productCard(product: Fields, words: WordBook): HTMLElement {
  const title = titleOf(product, words);
  const url = safeUrl(text(product["url"]));
  const variants = list(product["variants"]);
  const price = money(product["price"] ?? variants[0]?.["price"], currencyOf(product), words);
  return h(
    "section",
    { class: "card product", "aria-label": title },
    h(
      "header",
      { class: "card-head" },
      h("strong", {}, url ? link(url, title) : title),
      price && h("span", { class: "price" }, price),
    ),
    ...Object.entries(optionsOf(product, variants)).map(([name, values]) =>
      h(
        "p",
        { class: "options" },
        h("span", { class: "name" }, words.term(name)),
        ...values.map((value) => h("span", { class: "option" }, words.term(value))),
      ),
    ),
  );
}

function optionsOf(product: Fields, variants: Fields[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const sources = isFields(product["options"]) ? [product["options"]] : [];
  for (const variant of variants) {
    if (isFields(variant["options"])) sources.push(variant["options"]);
  }
  for (const options of sources) {
    for (const [name, value] of Object.entries(options)) {
      const values = (Array.isArray(value) ? value : [value]).map(text).filter(Boolean);
      found[name] = [...new Set([...(found[name] ?? []), ...values])];
    }
  }
  return found;
}

function optionLine(options: unknown, words: WordBook): Child {
  if (!isFields(options)) return null;
  const values = Object.values(options).map(text).filter(Boolean);
  return values.length > 0 && h("small", {}, values.map((value) => words.term(value)).join(" · "));
}

/** "title", or the best of "titles" by language. */
function titleOf(fields: Fields, words: WordBook): string {
  const titles = isFields(fields["titles"]) ? fields["titles"] : {};
  const best = titles[words.language] ?? titles[""] ?? Object.values(titles)[0];
  return text(fields["title"]) || text(best);
}

function currencyOf(product: Fields): unknown {
  return product["currency"] ?? list(product["variants"])[0]?.["currency"];
}

function statusWords(status: string, words: WordBook): string {
  return words.has(`status.${status}`) ? words.say(`status.${status}`) : status;
}

function chipTone(status: string): string {
  if (status === "delivered" || status === "shipped") return "good";
  return status === "cancelled" ? "muted" : "busy";
}

/** An amount as "12.00" with a currency beside it, or as {"amount", "currency"}. */
function money(value: unknown, currency: unknown, words: WordBook): string {
  const amount = text(isFields(value) ? value["amount"] : value);
  const code = text(isFields(value) ? value["currency"] : currency);
  if (!amount || !Number.isFinite(Number(amount))) return amount;
  if (!/^[A-Z]{3}$/.test(code)) return amount;
  return new Intl.NumberFormat(words.language, {
    style: "currency",
    currency: code,
    currencyDisplay: "narrowSymbol",
  }).format(Number(amount));
}

function day(value: unknown, language: string): string {
  const date = new Date(text(value));
  if (!value || Number.isNaN(date.getTime())) return "";
  return new Intl.DateTimeFormat(language, { month: "long", day: "numeric" }).format(date);
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// The demo shop's page: words from the server, products from a file, questions for the widget.
"use strict";

const LANGUAGES = ["en", "zh"];
const KEPT_LANGUAGE = "shopbell-demo-language";
const KEPT_CUSTOMER = "shopbell-demo-customer";
const page = { words: {}, products: [], customer: null, failed: false };

// Before the widget looks at the page, the page must say which language it is in.
document.documentElement.lang = firstLanguage();

document.addEventListener("DOMContentLoaded", async () => {
  listen();
  page.customer = customerButton(kept(sessionStorage, KEPT_CUSTOMER));
  page.products = await (await fetch("/demo/products.json")).json();
  await show(document.documentElement.lang);
});

window.addEventListener("shopbell:ready", () => {
  if (page.customer) signIn(page.customer);
});

function firstLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  const wanted = [asked, kept(localStorage, KEPT_LANGUAGE), ...navigator.languages];
  const known = wanted.map((tag) => (tag ?? "").slice(0, 2).toLowerCase());
  return known.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

function listen() {
  for (const button of document.querySelectorAll("[data-language]:not(script)")) {
    button.addEventListener("click", () => choose(button.dataset.language));
  }
  for (const button of document.querySelectorAll("[data-customer]")) {
    button.addEventListener("click", () => signIn(button));
  }
  for (const button of document.querySelectorAll("button[data-ask]")) {
    button.textContent = button.dataset.ask;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ask], [data-open]");
    if (button) window.shopbell?.open({ text: button.dataset.ask });
  });
  document.querySelector("[data-guest]").addEventListener("click", () => signIn(null));
}

async function choose(language) {
  keep(localStorage, KEPT_LANGUAGE, language);
  document.documentElement.lang = language;
  window.shopbell?.setLanguage(language);
  await show(language);
}

async function show(language) {
  page.words = (await (await fetch(`/api/v1/widget/words?language=${language}`)).json()).words;
  for (const element of document.querySelectorAll("[data-word]")) {
    element.textContent = word(element.dataset.word);
  }
  for (const element of document.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", word(element.dataset.wordLabel));
  }
  for (const button of document.querySelectorAll("[data-language]:not(script)")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  document.querySelector(".grid").replaceChildren(...page.products.map(drawProduct));
  showIdentity();
  document.body.classList.add("shown");
}

function word(key, values = {}) {
  const wording = page.words[`demo.${key}`] ?? "";
  return wording.replace(/\{(\w+)\}/g, (blank, name) => values[name] ?? blank);
}

function drawProduct(product) {
  const language = document.documentElement.lang;
  const title = product.title[language];
  const money = { style: "currency", currency: product.currency, currencyDisplay: "narrowSymbol" };
  const price = new Intl.NumberFormat(language, money).format(Number(product.price));
  const picture = make("img", {
    src: `/demo/art/${product.id}.svg`, alt: "", width: 320, height: 280, loading: "lazy",
  });
  const ask = make("button", { type: "button", class: "quiet" }, word("ask_product"));
  ask.dataset.ask = word("product_question", { title });
  ask.setAttribute("aria-label", `${word("ask_product")}: ${title}`);
  const cost = product.varies ? word("from", { price }) : price;
  return make(
    "li", {}, picture,
    make("div", { class: "about" }, make("h3", {}, title), make("p", { class: "price" }, cost), ask),
  );
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

async function signIn(button) {
  page.failed = false;
  try {
    await window.shopbell?.setIdentity(button ? await identityOf(button.dataset.customer) : null);
    page.customer = button;
    keep(sessionStorage, KEPT_CUSTOMER, button?.dataset.customer ?? "");
  } catch {
    page.failed = true;
  }
  showIdentity();
}

async function identityOf(customer) {
  const response = await fetch("/demo/identity", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ customer_id: customer }),
  });
  if (!response.ok) throw new Error(`Expected an identity, but got ${response.status}`);
  return (await response.json()).identity;
}

function showIdentity() {
  const name = page.customer?.textContent;
  const orders = page.customer?.dataset.orders;
  const now = name ? word("signin.now", { name, orders }) : word("signin.guest");
  document.querySelector(".identity").textContent = page.failed ? word("signin.failed") : now;
  document.querySelector("[data-guest]").hidden = !page.customer;
  for (const button of document.querySelectorAll("[data-customer]")) {
    button.setAttribute("aria-pressed", String(button === page.customer));
  }
}

function customerButton(customer) {
  return customer ? document.querySelector(`[data-customer="${CSS.escape(customer)}"]`) : null;
}

function kept(storage, key) {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function keep(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // A browser that keeps nothing still shows the shop.
  }
}

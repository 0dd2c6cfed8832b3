/** Make elements without ever reading data as markup. */

type Handler = (event: never) => void;
type Value = string | number | boolean | null | undefined | Handler;
export type Child = Node | string | null | undefined | false;

/** `h("button", {class: "x", onclick: f, hidden: true}, "words")`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

export const GLYPHS = {
  /** A lantern that is a bell: a ring, a belly with ribs, a foot and a clapper. */
  lantern: [
    "M12 2.2v2.3",
    "M8.6 4.6h6.8",
    "M8.8 4.8C5.9 6.6 4.9 9 4.9 11.4s1 4.9 3.9 6.6h6.4c2.9-1.7 3.9-4.2 3.9-6.6s-1-4.8-3.9-6.6",
    "M10.3 5C9 7 8.6 9.2 8.6 11.4s.4 4.5 1.7 6.5",
    "M13.7 5c1.3 2 1.7 4.2 1.7 6.4s-.4 4.5-1.7 6.5",
    "M8.6 18.2h6.8",
    "M12 18.4v3.2",
  ],
  close: ["M6 6l12 12", "M18 6L6 18"],
  down: ["M5.5 9l6.5 6.5L18.5 9"],
  send: ["M12 19.5V5", "M5.8 11L12 4.8 18.2 11"],
  more: ["M12 5.5v.01", "M12 12v.01", "M12 18.5v.01"],
  person: [
    "M12 11.8a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4z",
    "M4.8 20c.7-3.6 3.6-5.5 7.2-5.5s6.5 1.9 7.2 5.5",
  ],
  parcel: ["M12 3l8 4.3v9.4L12 21l-8-4.3V7.3z", "M4 7.3l8 4.4 8-4.4", "M12 11.7V21"],
  star: ["M12 3.6l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.9-5.2 2.9 1-5.9L3.5 9.8l5.9-.8z"],
  globe: [
    "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z",
    "M3.7 12h16.6",
    "M12 3.6c4.6 4.6 4.6 12.2 0 16.8-4.6-4.6-4.6-12.2 0-16.8z",
  ],
  fresh: ["M4.5 12a7.5 7.5 0 1 0 2.3-5.4", "M4.3 4v4.2h4.2"],
  source: ["M6 3.8h8.5L18.5 8v12.2H6z", "M9 11h6.5", "M9 14.8h6.5"],
} satisfies Record<string, string[]>;

export type Glyph = keyof typeof GLYPHS;

export function glyph(name: Glyph): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `glyph g-${name}`);
  for (const d of GLYPHS[name]) {
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const LINK = /\bhttps?:\/\/[^\s<>"'“”‘’（）《》【】，。；！？、]+/gi;
const TAIL = /[.,;:!?)\]}*_~]+$/;

/** Turn addresses into links; everything else stays the text that it is. */
export function linkify(text: string): Child[] {
  const parts: Child[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TAIL, "");
    if (!safeUrl(address)) continue;
    parts.push(text.slice(end, match.index), link(address, address));
    end = match.index + address.length;
  }
  parts.push(text.slice(end));
  return parts;
}

export function link(url: string, words: string): HTMLAnchorElement {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, words);
}

/** Only what a browser opens as a page: no `javascript:`, no `data:`. */
export function safeUrl(url: string | null | undefined): string | null {
  if (!url) return null;
  try {
    const { protocol, href } = new URL(url, document.baseURI);
    return protocol === "http:" || protocol === "https:" ? href : null;
  } catch {
    return null;
  }
}

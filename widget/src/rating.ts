/** One to five stars, asked for after a person has helped. */

import { glyph, h } from "./dom.js";
import type { WordBook } from "./words.js";

const SCORES = [1, 2, 3, 4, 5];

/** `done` gets the score, or null when the shopper would rather not say. */
export function drawRating(words: WordBook, done: (score: number | null) => void): HTMLElement[] {
  const question = h("p", { id: "rate" }, words.say("rate"));
  const stars = SCORES.map((score) =>
    h(
      "button",
      {
        type: "button",
        class: "star-button",
        "aria-label": words.say("rate.score", { score }),
        onclick: () => done(score),
      },
      glyph("star"),
    ),
  );
  const later = h(
    "button",
    { type: "button", class: "small", onclick: () => done(null) },
    words.say("rate.later"),
  );
  return [
    question,
    h("div", { class: "stars", role: "group", "aria-labelledby": "rate" }, ...stars),
    later,
  ];
}

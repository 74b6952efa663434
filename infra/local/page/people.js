/** Faces and names: who somebody is, wherever a person is shown. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { listOf, personOf, state } from "./store.js";

const COLOURS = 8;

/** Return the name, colour and kind of whoever wrote something. */
export function writerOf(id) {
  if (id === "SLACKBOT") return { name: "Slackbot", look: "face-slack", app: true };
  if (id === state.bot?.id) return { name: state.bot.name, look: "face-bot", app: true };
  const person = personOf(id);
  return { name: person?.name ?? id, look: lookOf(id), app: false };
}

/** Return the class that gives a person a colour of their own. */
export function lookOf(id) {
  const index = listOf("people").findIndex((person) => person.id === id);
  return `face-${(index < 0 ? 0 : index) % COLOURS}`;
}

/** Return a picture with initials. It is decoration: the name stands beside it. */
export function avatar(id, size = "") {
  const writer = writerOf(id);
  if (writer.app)
    return h(
      "span",
      { class: `avatar ${writer.look} ${size}`, "aria-hidden": "true" },
      icon(id === "SLACKBOT" ? "hash" : "bolt"),
    );
  return h("span", { class: `avatar ${writer.look} ${size}`, "aria-hidden": "true" }, initials(personOf(id)));
}

function initials(person) {
  const words = (person?.real_name || person?.name || "?").split(/\s+/);
  const letters = words.length > 1 ? words[0][0] + words.at(-1)[0] : words[0].slice(0, 2);
  return letters.toUpperCase();
}

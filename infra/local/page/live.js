/** Tells assistive technology what happened, politely. */

import { byId, h } from "./dom.js";

/** So long a sentence stays, so that it is read once and is not found later by browsing. */
const STAYS = 8000;

/** Say a sentence when whoever listens has a moment. */
export function announce(sentence) {
  const said = h("p", null, sentence);
  byId("announcer").append(said);
  setTimeout(() => said.remove(), STAYS);
}

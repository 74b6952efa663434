/** The strip above the World panel: what is broken now, and the way to where it is taken back. */

import { byId, h } from "./dom.js";
import { comingWords } from "./faults.js";
import { icon } from "./icons.js";
import { fillWith } from "./patch.js";
import { state, watch } from "./store.js";
import { choose } from "./views.js";

/** Show the strip whenever something is broken; its frame is always there, so that what comes into it is read out. */
export function startBroken() {
  watch(["faults", "tab"], draw);
}

function draw() {
  const active = state.faults?.active ?? [];
  fillWith(byId("broken"), [state.tab === "world" && active.length > 0 && strip(active)]);
}

function strip(active) {
  return h(
    "button",
    { class: "broken", type: "button", title: "Show the faults", "data-key": "strip", onclick: show },
    icon("alert"),
    h("span", null, h("strong", null, "Broken now: "), active.map(words).join(", ")),
  );
}

function words({ title, detail, left }) {
  const coming = comingWords(left);
  // Commas stand between faults here.
  return [title, detail?.replaceAll(", ", " "), coming && `(${coming})`].filter(Boolean).join(" ");
}

/** The strip goes away with the panel that it stands above, so whoever pressed it goes on at the tab. */
function show() {
  choose("faults");
  byId("tab-faults").focus();
}

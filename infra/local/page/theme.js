/** Light, dark, or as the system says. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { recall, remember } from "./memory.js";
import { put, state } from "./store.js";

const NEXT = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: "screen", light: "sun", dark: "moon" };

/** Take the theme of the last visit. */
export function startTheme() {
  choose(recall("theme", "system"));
}

/** Return the button that goes on to the next theme. */
export function themeSwitch() {
  const words = `Theme: ${state.theme}`;
  return h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "data-testid": "theme",
      "aria-label": `${words}. Change to ${NEXT[state.theme]}`,
      title: words,
      onclick: () => choose(NEXT[state.theme]),
    },
    icon(ICONS[state.theme]),
  );
}

function choose(theme) {
  const known = Object.hasOwn(NEXT, theme) ? theme : "system";
  put("theme", known);
  remember("theme", known);
  if (known === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = known;
}

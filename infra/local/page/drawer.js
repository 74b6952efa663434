/** On narrow screens the left column is a drawer over the page. */

import { byId } from "./dom.js";
import { put, state } from "./store.js";

const BEHIND = ["chat", "thread", "cockpit", "views"];
const narrow = matchMedia("(max-width: 1180px)");

/** Have Escape, a touch beside it and a wider window close the drawer. */
export function startDrawer() {
  addEventListener("keydown", (event) => event.key === "Escape" && state.drawer && patchDrawer(false));
  byId("app").addEventListener("click", (event) => event.target === byId("app") && patchDrawer(false));
  narrow.addEventListener("change", () => patchDrawer(false));
}

/** Open or close the drawer; what is behind an open one cannot be reached. */
export function patchDrawer(open) {
  const was = Boolean(state.drawer);
  put("drawer", open && narrow.matches);
  byId("app").dataset.drawer = state.drawer ? "open" : "closed";
  for (const id of BEHIND) byId(id).inert = state.drawer;
  if (state.drawer) byId("sidebar").querySelector("[aria-pressed=true], button")?.focus();
  else if (was) byId("menu")?.focus();
}

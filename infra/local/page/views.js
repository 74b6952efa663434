/** The tabs: which part of the cockpit is shown, and on a phone whether the conversation is. */

import { byId, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { recall, remember } from "./memory.js";
import { fillWith } from "./patch.js";
import { put, state, watch } from "./store.js";

const TABS = [
  { id: "chat", label: "Chat", icon: "chat" },
  { id: "world", label: "World", icon: "globe" },
  { id: "load", label: "Load", icon: "gauge" },
  { id: "faults", label: "Faults", icon: "bolt" },
  { id: "wire", label: "Wire", icon: "list" },
];
const PANELS = ["world", "load", "faults", "wire"];
const phone = matchMedia("(max-width: 700px)");

/** Show the tabs and the panel of the last visit. */
export function startViews() {
  const before = recall("tab", "world");
  put("tab", PANELS.includes(before) ? before : "world");
  put("wide", recall("wide", false) === true);
  watch(["tab", "side", "unread", "load", "faults", "wide"], draw);
  phone.addEventListener("change", draw);
}

function draw() {
  const app = byId("app");
  app.dataset.side = state.side;
  app.dataset.wide = String(state.wide);
  for (const name of PANELS) byId(`panel-${name}`).hidden = state.tab !== name;
  fillWith(byId("views"), [
    h(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Views", "data-key": "tabs", onkeydown: steer },
      TABS.map(tab),
    ),
    h(
      "button",
      {
        class: "icon-button widen",
        type: "button",
        "data-key": "widen",
        "aria-pressed": String(state.wide),
        "aria-label": "Wide cockpit",
        title: "Wide cockpit",
        onclick: widen,
      },
      icon("widen"),
    ),
  ]);
}

function tab({ id, label, icon: sign }) {
  const selected = id === shownTab();
  return h(
    "button",
    {
      class: `tab tab-${id}`,
      id: `tab-${id}`,
      type: "button",
      role: "tab",
      "data-testid": `tab-${id}`,
      "data-key": id,
      "aria-selected": String(selected),
      "aria-controls": id === "chat" ? "chat" : `panel-${id}`,
      tabindex: selected ? "0" : "-1",
      onclick: () => choose(id),
    },
    icon(sign),
    h("span", null, label),
    badge(id),
  );
}

function badge(id) {
  const unread = Object.values(state.unread).reduce((sum, one) => sum + one, 0);
  const running = (state.load?.streams ?? []).filter((one) => one.runs).length;
  const count = { chat: unread, load: running, faults: state.faults?.active?.length ?? 0 }[id] ?? 0;
  const words = { chat: " unread", load: " running" }[id] ?? " active";
  return count > 0 && h("span", { class: `tab-badge ${id}` }, String(count), hidden(words));
}

function shownTab() {
  return phone.matches && state.side === "chat" ? "chat" : state.tab;
}

/** Show another pane. */
export function choose(id) {
  put("side", id === "chat" ? "chat" : "cockpit");
  if (id === "chat") return;
  put("tab", id);
  remember("tab", id);
}

function widen() {
  put("wide", !state.wide);
  remember("wide", state.wide);
}

function steer(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const names = TABS.map((one) => one.id).filter((id) => id !== "chat" || phone.matches);
  const next = names[(names.indexOf(shownTab()) + step + names.length) % names.length];
  event.preventDefault();
  choose(next);
  byId(`tab-${next}`).focus();
}

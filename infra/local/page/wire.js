/** The Wire panel: every request between the parts, newest below, with filters. */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { fillWith } from "./patch.js";
import { listOf, state, touch, watch } from "./store.js";
import { drawDetails, drawLinks, openEntry } from "./wiredetails.js";
import { rowNode } from "./wirerow.js";

/** Rows in the page; older ones can be found by a narrower filter. */
const MOST_ROWS = 1000;
const NEAR = 40;
const filter = { services: new Set(), text: "", failedOnly: false };
const view = { paused: false, last: 0, rows: 0, atEnd: true };

/** Show the panel. */
export function startWire() {
  byId("panel-wire").append(
    h("h2", { class: "hidden" }, "Wire"),
    h("div", { id: "wire-filters" }),
    h(
      "div",
      {
        id: "wire-frame",
        class: "wire-frame",
        role: "region",
        "aria-label": "Requests",
        tabindex: "0",
        onscroll: look,
      },
      h(
        "div",
        { role: "table", "aria-label": "Requests between the parts", class: "wire-table" },
        h("div", { role: "rowgroup", class: "wire-head" }, headRow()),
        h("div", { role: "rowgroup", id: "wire-rows" }),
      ),
    ),
    h("section", { id: "wire-details", "aria-label": "Request and answer", hidden: true }),
    h("footer", { id: "wire-links" }),
  );
  watch(["wire", "wire-filter", "wire-reset", "tab", "side"], draw);
  watch(["links", "tab"], drawLinks);
  watch(["wire-open"], drawDetails);
}

function draw(names) {
  if (state.tab !== "wire" || byId("panel-wire").offsetParent === null) {
    // Nobody looks: everything is drawn anew when somebody does.
    view.last = 0;
    return;
  }
  drawFilters();
  const again = names.has("wire-filter") || names.has("wire-reset") || view.last === 0;
  if (again) restart();
  if (view.paused && !again) return;
  append();
}

function restart() {
  byId("wire-rows").replaceChildren();
  Object.assign(view, { last: 0, rows: 0, atEnd: true });
}

/** Add what came since the last time, and take out as many of the oldest rows. */
function append() {
  const entries = listOf("wire");
  const fresh = entries.slice(firstAfter(entries, view.last)).filter(matches).slice(-MOST_ROWS);
  const rows = byId("wire-rows");
  if (entries.length) view.last = entries.at(-1).id;
  if (fresh.length) rows.append(...fresh.map((entry) => rowNode(entry, openEntry)));
  while (rows.childElementCount > MOST_ROWS) rows.firstElementChild.remove();
  const frame = byId("wire-frame");
  if (view.atEnd) frame.scrollTop = frame.scrollHeight;
  frame.classList.toggle("none", rows.childElementCount === 0);
}

function firstAfter(entries, id) {
  let at = entries.length;
  while (at > 0 && entries[at - 1].id > id) at -= 1;
  return at;
}

function matches(entry) {
  if (filter.failedOnly && !entry.failed) return false;
  if (filter.services.size && !filter.services.has(entry.service)) return false;
  if (!filter.text) return true;
  return `${entry.service} ${entry.what} ${entry.from} ${entry.to} ${entry.status}`.toLowerCase().includes(filter.text);
}

function drawFilters() {
  const services = [...new Set(listOf("wire").map((entry) => entry.service))].sort();
  const change = (apply) => (event) => {
    apply(event.target);
    touch("wire-filter");
  };
  fillWith(byId("wire-filters"), [
    h(
      "div",
      { class: "wire-tools" },
      h("input", {
        class: "field",
        type: "search",
        placeholder: "Search",
        "aria-label": "Search requests",
        "data-testid": "wire-search",
        "data-key": "search",
        oninput: change((target) => {
          filter.text = target.value.trim().toLowerCase();
        }),
      }),
      h(
        "label",
        { class: "check" },
        h("input", {
          type: "checkbox",
          "data-testid": "wire-failed",
          onchange: change((target) => {
            filter.failedOnly = target.checked;
          }),
        }),
        h("span", null, "Failed only"),
      ),
      h(
        "button",
        {
          class: "button",
          type: "button",
          "data-testid": "wire-pause",
          "aria-pressed": String(view.paused),
          onclick: pause,
        },
        icon(view.paused ? "play" : "pause"),
        h("span", null, view.paused ? "Resume" : "Pause"),
      ),
    ),
    h("div", { class: "service-chips", role: "group", "aria-label": "Services" }, services.map(serviceChip)),
  ]);
}

function serviceChip(service) {
  const on = filter.services.has(service);
  const turn = () => {
    if (!filter.services.delete(service)) filter.services.add(service);
    touch("wire-filter");
  };
  return h(
    "button",
    { class: "service-chip", type: "button", "data-key": service, "aria-pressed": String(on), onclick: turn },
    service,
  );
}

function pause() {
  view.paused = !view.paused;
  touch("wire");
}

function look(event) {
  const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
  view.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
}

function headRow() {
  const names = ["Time", "Service", "What", "From and to", "Status", "ms", "Bytes"];
  return h(
    "div",
    { role: "row", class: "wire-row" },
    names.map((name) => h("span", { role: "columnheader", class: `cell-${name.split(" ")[0].toLowerCase()}` }, name)),
  );
}

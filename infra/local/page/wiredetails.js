/** Below the Wire panel's table: one request with its answer, and where real tools can connect. */

import { read } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./live.js";
import { fillWith } from "./patch.js";
import { listOf, put, state } from "./store.js";
import { timeOfDay } from "./time.js";

/** Show an entry's request and answer. */
export async function openEntry(entry) {
  put("wire-open", { entry, more: null, missing: false });
  const more = await read(`/api/wire/${encodeURIComponent(entry.id)}`);
  if (state["wire-open"]?.entry.id === entry.id) put("wire-open", { entry, more, missing: !more || more.ok === false });
}

/** Draw the open entry. */
export function drawDetails() {
  const pane = byId("wire-details");
  const shown = state["wire-open"];
  const was = pane.dataset.entry;
  pane.hidden = !shown;
  pane.dataset.entry = shown ? String(shown.entry.id) : "";
  for (const row of document.querySelectorAll(".wire-row.chosen")) row.classList.remove("chosen");
  if (!shown) return;
  const { entry } = shown;
  const time = timeOfDay(Date.parse(entry.at), true);
  const facts = [entry.service, `${entry.from} → ${entry.to}`, entry.status, `${entry.ms} ms`, time];
  document.querySelector(`.wire-row[data-id="${entry.id}"]`)?.classList.add("chosen");
  fillWith(pane, [
    h(
      "div",
      { class: "details-head" },
      h("div", null, h("h3", { id: "details-title" }, entry.what), h("p", { class: "quiet" }, facts.join(" · "))),
      h(
        "button",
        {
          class: "icon-button",
          type: "button",
          "aria-label": "Close the details",
          "data-key": "close",
          "data-testid": "wire-close",
          onclick: close,
        },
        icon("close"),
      ),
    ),
    texts(shown),
  ]);
  if (was !== pane.dataset.entry) pane.querySelector("button").focus({ preventScroll: true });
}

function texts({ more, missing }) {
  if (missing)
    return h("p", { class: "empty", "data-key": "missing" }, "This request is too old: it is no longer kept.");
  if (!more) return h("p", { class: "empty", "data-key": "waiting" }, "Reading…");
  return h(
    "div",
    { class: "details-texts", "data-key": `texts-${more.id}` },
    text("Request", more.request),
    text("Answer", more.answer),
  );
}

function text(title, words) {
  return h(
    "div",
    { class: "details-text" },
    h("div", { class: "details-title" }, h("h4", null, title), copyButton(words ?? "", title.toLowerCase())),
    h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": title }, words || "(empty)"),
  );
}

function close() {
  const id = state["wire-open"]?.entry.id;
  put("wire-open", null);
  const row = document.querySelector(`.wire-row[data-id="${id}"] .what`);
  (row ?? byId("wire-frame")).focus({ preventScroll: true });
}

/** Draw where real tools can connect. */
export function drawLinks() {
  const links = listOf("links");
  byId("wire-links").hidden = !links.length;
  fillWith(byId("wire-links"), [
    h(
      "details",
      { class: "links", "data-key": "links" },
      h("summary", null, icon("chevron"), `Connect your own tools (${links.length} addresses)`),
      h("ul", null, links.map(link)),
    ),
  ]);
}

function link({ label, url, hint }) {
  return h(
    "li",
    { "data-key": label },
    h(
      "div",
      { class: "link-words" },
      h("strong", null, label),
      h("code", null, url),
      hint && h("span", { class: "quiet" }, hint),
    ),
    copyButton(url, label),
  );
}

function copyButton(words, what) {
  const copy = () =>
    copied(words).then((done) => announce(done ? `Copied: ${what}` : "The browser does not allow copying."));
  return h(
    "button",
    { class: "icon-button", type: "button", "aria-label": `Copy: ${what}`, title: "Copy", onclick: copy },
    icon("copy"),
  );
}

async function copied(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return false;
  }
}

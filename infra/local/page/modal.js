/** Slack's modal: a dialog with blocks and inputs, sent as Slack's state.values. */

import { post } from "./api.js";
import { blockNodes } from "./blocks.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { complaintsOf } from "./inputs.js";
import { textNodes } from "./mrkdwn.js";
import { fillWith } from "./patch.js";
import { state, touch, watch } from "./store.js";
import { valuesOf } from "./values.js";

const open = { id: "", errors: {}, failure: "", busy: false, typed: new Map() };

/** Show whichever modal stands before this person. */
export function startModal() {
  const dialog = byId("modal");
  watch(["modal", "me"], draw);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    leave();
  });
  // A browser may close a dialog at the second Escape whatever the page says.
  dialog.addEventListener("close", (event) => event.target === dialog && state.modal && leave());
}

function draw() {
  const dialog = byId("modal");
  const view = state.modal;
  if (!view) {
    open.id = "";
    if (dialog.open) dialog.close();
    return;
  }
  const another = open.id !== view.id;
  if (another) turnTo(view, dialog);
  fillWith(dialog, [formOf(view)]);
  if (!dialog.open) dialog.showModal();
  if (another) firstField(dialog)?.focus();
}

/** What was typed in a modal below another one must still be there when the upper one is gone. */
function turnTo(view, dialog) {
  if (open.id) open.typed.set(open.id, valuesOf(dialog));
  Object.assign(open, { id: view.id, errors: {}, failure: "", busy: false });
  dialog.replaceChildren();
}

function firstField(dialog) {
  return (
    dialog.querySelector("[autofocus], .modal-body :is(input, select, textarea)") ??
    dialog.querySelector(".dialog-foot .primary, .dialog-foot button")
  );
}

function surfaceOf(view) {
  return {
    key: `view-${view.id}`,
    kind: "modal",
    target: { view_id: view.id },
    values: open.typed.get(view.id) ?? view.state?.values,
    errors: open.errors,
    redraw: () => touch("modal"),
    collect: () => valuesOf(byId("modal")),
  };
}

function formOf(view) {
  const send = (event) => {
    event.preventDefault();
    submit(view);
  };
  const shut = h(
    "button",
    { class: "icon-button", type: "button", "aria-label": "Close", onclick: leave },
    icon("close"),
  );
  const failure = open.failure && h("p", { class: "action-error", role: "alert", "data-key": "failure" }, open.failure);
  return h(
    "form",
    { novalidate: true, onsubmit: send, class: "modal-form" },
    h("div", { class: "dialog-head" }, h("h2", { id: "modal-title" }, textNodes(view.title)), shut),
    h("div", { class: "modal-body" }, blockNodes(view.blocks, surfaceOf(view)), failure),
    footOf(view),
  );
}

function footOf(view) {
  const quit = { class: "button", type: "button", "data-testid": "modal-close", onclick: leave };
  const busy = open.busy ? "true" : null;
  const send = { class: "button primary", type: "submit", "data-testid": "modal-submit", "aria-busy": busy };
  return h(
    "div",
    { class: "dialog-foot" },
    h("button", quit, view.close ? textNodes(view.close) : "Cancel"),
    view.submit &&
      h(
        "button",
        send,
        h("span", null, textNodes(view.submit)),
        busy && h("span", { class: "spinner", "aria-hidden": "true" }),
      ),
  );
}

async function submit(view) {
  if (open.busy) return;
  const values = valuesOf(byId("modal"));
  const complaints = complaintsOf(view.blocks ?? [], values);
  if (Object.keys(complaints).length) {
    complain(complaints, "");
    return;
  }
  Object.assign(open, { busy: true, errors: {}, failure: "" });
  touch("modal");
  const answer = await post("/api/submit", { user: state.me, view_id: view.id, values });
  if (open.id !== view.id) return;
  complain(answer.errors ?? {}, answer.ok ? "" : answer.error);
}

function complain(errors, failure) {
  Object.assign(open, { busy: false, errors, failure });
  touch("modal");
  // The errors stand in the page only after the next frame.
  requestAnimationFrame(() => byId("modal").querySelector(".input.wrong :is(input, select, textarea)")?.focus());
}

function leave() {
  if (state.modal) post("/api/close", { user: state.me, view_id: state.modal.id });
}

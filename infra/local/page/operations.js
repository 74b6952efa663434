/** The cloud's long-running operations with how far they are. */

import { ageNode } from "./clock.js";
import { h } from "./dom.js";
import { spanOf } from "./time.js";
import { chip, stateWords } from "./tree.js";

const TONES = { RUNNING: "busy", PENDING: "idle", DONE: "good", FAILED: "bad" };
/** Ended ones that are shown before the reader asks for more. */
const FEW = 4;

/** Return the list of those that are under way, or null if none is. */
export function runningNode(operations) {
  const running = operations.filter((one) => !one.ended);
  return running.length ? h("ul", { class: "operations" }, running.map(operation)) : null;
}

/** Return the list of those that have ended, what failed first, or null if none has. */
export function endedNode(operations) {
  const ended = operations.filter((one) => one.ended);
  if (!ended.length) return null;
  const fine = ended.filter((one) => !one.error);
  const first = [...ended.filter((one) => one.error), ...fine.slice(0, FEW)];
  const rest = fine.slice(FEW);
  return h(
    "div",
    null,
    h("ul", { class: "operations" }, first.map(operation)),
    rest.length > 0 &&
      h(
        "details",
        { class: "more", "data-key": "more" },
        h("summary", null, `${rest.length} earlier ones`),
        h("ul", { class: "operations" }, rest.map(operation)),
      ),
  );
}

function operation(one) {
  const what = stateWords(one.kind);
  const state = one.error ? "FAILED" : one.state;
  const took = one.ended && spanOf(Date.parse(one.ended) - Date.parse(one.begun));
  return h(
    "li",
    { class: "operation", "data-key": one.id, "data-testid": "operation" },
    h("div", { class: "operation-head" }, h("strong", null, what), chip(state, TONES[state])),
    h(
      "div",
      { class: "operation-head quiet" },
      h("span", { class: "item-name", title: one.target }, `${one.service} · ${one.target}`),
      one.ended ? h("span", { class: "age" }, `took ${took}`) : ageNode(one.begun),
    ),
    !one.ended && progress(one, what),
    one.error && h("p", { class: "note bad" }, one.error),
  );
}

function progress(one, what) {
  const share = Math.max(0, Math.min(100, Math.round(one.progress ?? 0)));
  const values = { "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(share) };
  return h(
    "div",
    { class: "bar", role: "progressbar", ...values, "aria-label": `${what} ${one.target}` },
    h("span", { class: "bar-fill", style: { width: `${share}%` } }),
  );
}

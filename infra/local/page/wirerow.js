/** One row of the Wire panel. */

import { h } from "./dom.js";
import { timeOfDay } from "./time.js";

/**
 * Return the row of an entry.
 * @param {Object} entry of the section `wire`
 * @param {function(Object): void} open shows its request and answer
 */
export function rowNode(entry, open) {
  const cell = (name, ...inside) => h("span", { role: "cell", class: `cell-${name}` }, ...inside);
  const what = h("button", { type: "button", class: "what" }, entry.what);
  return h(
    "div",
    {
      role: "row",
      class: entry.failed ? "wire-row entry failed" : "wire-row entry",
      "data-testid": "wire-row",
      "data-id": entry.id,
      onclick: () => open(entry),
    },
    cell("time", timeOfDay(Date.parse(entry.at), true)),
    cell("service", h("span", { class: `service ${serviceLook(entry.service)}` }, entry.service)),
    cell("what", what),
    cell(
      "from",
      entry.from,
      h("span", { class: "arrow", "aria-hidden": "true" }, " → "),
      h("span", { class: "hidden" }, " to "),
      entry.to,
    ),
    cell(
      "status",
      h(
        "span",
        { class: entry.failed ? "status bad" : "status" },
        entry.failed && h("span", { class: "hidden" }, "Failed: "),
        entry.status,
      ),
    ),
    cell("ms", figure(entry.ms)),
    cell("bytes", sizeOf(entry.size)),
  );
}

/** Return a class that gives a service a colour of its own. */
function serviceLook(service) {
  let sum = 0;
  for (const letter of service) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return `service-${sum % 8}`;
}

function figure(milliseconds) {
  return typeof milliseconds === "number" ? milliseconds.toFixed(milliseconds < 10 ? 1 : 0) : "";
}

function sizeOf(bytes) {
  if (typeof bytes !== "number") return "";
  return bytes < 10_000 ? String(bytes) : `${(bytes / 1000).toFixed(bytes < 100_000 ? 1 : 0)}k`;
}

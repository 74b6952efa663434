/** The alert incidents of Cloud Monitoring: those that are open, then the last that were closed. */

import { ageNode } from "./clock.js";
import { h } from "./dom.js";
import { spanOf, timeOfDay } from "./time.js";
import { chip } from "./tree.js";

/** Return the list, or null while there has been none. */
export function alertsNode(alerts) {
  const { open = [], closed = [], notifications = {} } = alerts ?? {};
  if (!open.length && !closed.length) return null;
  const counts = Object.entries(notifications).map(([what, count]) => `${count} ${what}`);
  return h(
    "div",
    { "data-testid": "alerts" },
    open.length
      ? h("ul", { class: "operations" }, open.map(incident))
      : h("p", { class: "empty" }, "No alert is open now."),
    closed.length > 0 &&
      h(
        "details",
        { class: "more", "data-key": "closed" },
        h("summary", null, `Closed lately: ${closed.length}`),
        h("ul", { class: "operations" }, closed.map(incident)),
      ),
    counts.length > 0 && h("p", { class: "quiet" }, `Notifications: ${counts.join(", ")}`),
  );
}

function incident(one) {
  const took = one.closed && spanOf(Date.parse(one.closed) - Date.parse(one.opened));
  const facts = [one.policy, one.about, one.value === null ? "" : `observed ${one.value}`].filter(Boolean);
  return h(
    "li",
    { class: "operation", "data-key": one.id, "data-testid": "alert" },
    h(
      "div",
      { class: "operation-head" },
      h("strong", null, one.condition),
      chip(one.closed ? "Closed" : "Open", one.closed ? "idle" : "bad"),
    ),
    h(
      "div",
      { class: "operation-head quiet" },
      h("time", { datetime: one.opened }, timeOfDay(Date.parse(one.opened), true)),
      h("span", { class: "item-name", title: facts.join(" · ") }, facts.join(" · ")),
      one.closed ? h("span", { class: "age" }, `took ${took}`) : ageNode(one.opened),
    ),
    one.why && h("p", { class: "note" }, one.why),
  );
}

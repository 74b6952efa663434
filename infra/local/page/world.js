/** The World panel: totals, regions, what is common to all, traffic and operations. */

import { alertsNode } from "./alerts.js";
import { byId, h } from "./dom.js";
import { endedNode, runningNode } from "./operations.js";
import { fillWith } from "./patch.js";
import { listOf, state, watch } from "./store.js";
import { trafficNode } from "./traffic.js";
import { chip, noteDrawn, treeNode } from "./tree.js";

/** Show the panel. */
export function startWorld() {
  watch(["world", "traffic", "alerts", "operations", "tab", "side"], draw);
}

function draw() {
  if (state.tab !== "world") return;
  const world = state.world ?? {};
  const regions = world.regions ?? [];
  fillWith(byId("panel-world"), [
    h("h2", { class: "hidden", "data-key": "title" }, "World"),
    totals(world.totals ?? []),
    part("running", "Under way", runningNode(listOf("operations"))),
    part("traffic", "Traffic", trafficNode(listOf("traffic"))),
    part("alerts", "Alerts of Monitoring", alertsNode(state.alerts)),
    part(
      "regions",
      "Regions",
      regions.length ? h("div", { class: "regions" }, regions.map(regionCard)) : empty("No region is in use yet."),
    ),
    world.global?.length
      ? part("global", "Everywhere", h("div", { class: "region" }, treeNode(world.global, "global")))
      : null,
    part("ended", "Finished operations", endedNode(listOf("operations"))),
  ]);
  noteDrawn();
}

function totals(list) {
  if (!list.length) return null;
  const one = ({ label, value }) =>
    h("div", { class: "total", "data-key": label }, h("dt", null, label), h("dd", null, value));
  return h("dl", { class: "totals", "data-key": "totals" }, list.map(one));
}

function part(key, title, inside) {
  if (!inside) return null;
  return h(
    "section",
    { class: "part", "data-key": key, "aria-labelledby": `part-${key}` },
    h("h3", { id: `part-${key}` }, title),
    inside,
  );
}

function regionCard(region) {
  const out = region.state === "outage";
  return h(
    "section",
    {
      class: out ? "region out" : "region",
      "data-key": region.name,
      "data-testid": `region-${region.name}`,
      "aria-labelledby": `region-${region.name}`,
    },
    h(
      "div",
      { class: "region-head" },
      h("h4", { id: `region-${region.name}` }, region.name),
      out ? chip("Outage", "bad") : null,
      region.note && h("span", { class: "quiet" }, region.note),
    ),
    region.items?.length ? treeNode(region.items, region.name) : !region.note && empty("Nothing stands here."),
  );
}

function empty(words) {
  return h("p", { class: "empty" }, words);
}

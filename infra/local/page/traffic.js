/**
 * Where requests go: from each Gateway address to the regions that take them, as the load is shared or, without one, as
 * it was answered when it was last asked.
 */

import { h, svg } from "./dom.js";
import { signalsNode } from "./signals.js";
import { chip } from "./tree.js";

/** Pixels of a line of either side, and of the bar that stands for all requests of one address. */
const [ROW, BAR, WIDE] = [68, 40, 100];

/** Return the flows of all deployments, or null while there are none. */
export function trafficNode(rows) {
  const names = [...new Set(rows.map((row) => row.deployment))];
  if (!names.length) return null;
  const flow = (name) =>
    deployment(
      name,
      rows.filter((row) => row.deployment === name),
    );
  return h("div", { class: "flows" }, names.map(flow));
}

function deployment(name, rows) {
  const regions = backendsOf(rows);
  const places = regions.map((one) => one.region);
  return h(
    "div",
    { class: "flow", "data-key": name, "data-testid": `traffic-${name}` },
    h("h4", null, name),
    h(
      "div",
      { class: "flow-body" },
      h(
        "ul",
        { class: "flow-side" },
        rows.map((row) => address(row, places)),
      ),
      drawing(rows, places),
      h("ul", { class: "flow-side right" }, regions.map(backend)),
    ),
    signalsNode(regions, rows),
  );
}

function backendsOf(rows) {
  const found = new Map();
  for (const row of rows) for (const one of row.backends ?? []) if (!found.has(one.region)) found.set(one.region, one);
  return [...found.values()];
}

function address(row, places) {
  const answers = row.state === "answers";
  const loaded = typeof row.spilt === "number";
  const shares = (row.backends ?? [])
    .filter((one) => one.share > 0)
    .map((one) =>
      h(
        "span",
        { class: "share" },
        h("span", { class: `swatch ribbon-${places.indexOf(one.region) % 6}`, "aria-hidden": "true" }),
        loaded ? `${Math.round(one.share * 100)} % to ${one.region}` : `answered by ${one.region}`,
      ),
    );
  return h(
    "li",
    { "data-key": `${row.region}-${row.address}` },
    h("span", { class: "flow-name" }, row.region, chip(answers ? "Answers" : "No answer", answers ? "good" : "bad")),
    h("code", null, row.address || "no address yet"),
    h("span", { class: "shares" }, shares),
  );
}

function backend(one) {
  const tone = one.ready >= one.wanted ? "good" : one.ready > 0 ? "busy" : "bad";
  return h(
    "li",
    { "data-key": one.region },
    h("span", { class: "flow-name" }, one.region),
    h("span", null, chip(`${one.ready} of ${one.wanted} ready`, tone)),
  );
}

/** Ribbons as thick as the share that they carry, beside each other at both ends. */
function drawing(rows, places) {
  const high = Math.max(rows.length, places.length) * ROW;
  const top = (index, count) => ((index + 0.5) * high) / count - BAR / 2;
  const right = places.map((_, index) => top(index, places.length));
  const ribbons = rows.flatMap((row, from) => {
    let y1 = top(from, rows.length);
    return (row.backends ?? [])
      .filter((one) => one.share > 0)
      .map((one) => {
        const to = places.indexOf(one.region);
        const [thick, thin] = [one.share * BAR, (one.share * BAR) / rows.length];
        const path = ribbon(y1, thick, right[to], thin);
        y1 += thick;
        right[to] += thin;
        return svg("path", { class: `ribbon ribbon-${to % 6}`, d: path, "data-key": `${from}-${to}` });
      });
  });
  const box = { viewBox: `0 0 ${WIDE} ${high}`, height: high, preserveAspectRatio: "none" };
  return svg("svg", { class: "ribbons", ...box, "aria-hidden": "true", focusable: "false" }, ribbons);
}

function ribbon(y1, thick, y2, thin) {
  const half = WIDE / 2;
  const there = `M0 ${y1}C${half} ${y1} ${half} ${y2} ${WIDE} ${y2}`;
  return `${there}V${y2 + thin}C${half} ${y2 + thin} ${half} ${y1 + thick} 0 ${y1 + thick}Z`;
}

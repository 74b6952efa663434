/** What the model servers of each region do: figures with small bars, and the words beside them. */

import { h } from "./dom.js";
import { chip } from "./tree.js";

/** Shares from which a KV cache is busy and full. */
const [BUSY, FULL] = [0.6, 0.9];

/**
 * Return a row of figures for each region whose servers can be seen, or null while there is none.
 * @param {Object[]} backends the regions that serve
 * @param {Object[]} rows of the section `traffic`, for what arrives in a region
 */
export function signalsNode(backends, rows) {
  const seen = backends.filter((one) => one.does);
  if (!seen.length) return null;
  const row = (one) =>
    region(
      one,
      rows.find((each) => each.region === one.region),
    );
  return h("ul", { class: "signals", "data-key": "signals" }, seen.map(row));
}

function region({ region: name, does, ready, wanted }, row) {
  const { kv, waiting, running, served, first_token: first, hung } = does;
  const full = kv >= FULL ? "bad" : kv >= BUSY ? "busy" : "good";
  return h(
    "li",
    { "data-key": name, "data-testid": `signals-${name}` },
    h("h5", null, name, hung > 0 && chip(`${hung} hanging`, "bad")),
    h(
      "dl",
      null,
      row && figure("Arriving", `${row.arriving}/s`),
      row && figure("Spilling", percent(row.spilt ?? 0), { share: row.spilt ?? 0, tone: "accent" }),
      figure("Served", `${served}/s`),
      figure("KV cache", percent(kv), { share: kv, tone: full }),
      figure("Waiting", String(waiting)),
      figure("Running", String(running)),
      figure("Ready", `${ready} of ${wanted}`),
      figure("First token, p95", first === null ? "none" : secondsOf(first)),
    ),
  );
}

function figure(label, value, bar) {
  return h("div", { "data-key": label }, h("dt", null, label), h("dd", null, value), bar && small(bar));
}

/** The figure above it says the same. */
function small({ share, tone }) {
  const width = `${Math.round(Math.min(1, share) * 100)}%`;
  return h("dd", { class: "bar", "aria-hidden": "true" }, h("span", { class: `bar-fill ${tone}`, style: { width } }));
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function secondsOf(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
}

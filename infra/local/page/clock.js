/** The virtual clock: what time it is there, how fast it runs, and its controls. */

import { post } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { fillWith } from "./patch.js";
import { state, watch } from "./store.js";
import { ageOf, spanOf, timeOfDay, virtualNow } from "./time.js";

const SPEEDS = [1, 10, 60, 300, 1000];
const FASTEST = "fastest";
/** The clock's figures and all ages are looked at so often, in milliseconds; only what differs is written. */
const TICK = 250;

/** Show the clock, and keep every age on the page up to date. */
export function startClock() {
  watch(["clock"], draw);
  setInterval(tick, TICK);
}

/** Return a time that counts up by itself. */
export function ageNode(since) {
  return h("span", { class: "age", "data-since": since, title: `since ${since}` }, ageOf(since));
}

function draw() {
  const { clock } = state;
  if (!clock) return;
  fillWith(byId("clock"), [
    h(
      "div",
      { class: "clock-face" },
      h("span", { class: clock.paused ? "pulse paused" : "pulse", "aria-hidden": "true" }),
      h("time", { class: "clock-time", id: "clock-time" }, faceOf()),
      h(
        "span",
        { class: "clock-day" },
        h("span", { id: "clock-day" }, dayWords()),
        h("span", { class: "clock-ran", id: "clock-ran" }, ranWords()),
      ),
    ),
    h(
      "div",
      { class: "clock-controls" },
      control(clock.paused ? "play" : "pause", clock.paused ? "Resume the clock" : "Pause the clock", "clock-pause", {
        paused: !clock.paused,
      }),
      control("step", "Step one minute on", "clock-step", { step: 60 }, "+1 min"),
      speedChoice(clock),
    ),
  ]);
  const select = byId("clock").querySelector("select");
  if (document.activeElement !== select) select.value = String(clock.speed ?? FASTEST);
  tick();
}

function control(sign, label, testid, change, words = "") {
  const props = {
    class: "button clock-button",
    type: "button",
    "data-testid": testid,
    "aria-label": words ? `${words}: ${label.toLowerCase()}` : label,
  };
  return h(
    "button",
    { ...props, title: label, onclick: () => post("/api/clock", change) },
    icon(sign),
    words && h("span", null, words),
  );
}

function speedChoice(clock) {
  const known =
    clock.speed === null || SPEEDS.includes(clock.speed) ? SPEEDS : [...SPEEDS, clock.speed].sort((a, b) => a - b);
  const options = known.map((speed) => h("option", { value: String(speed) }, `${speed}×`));
  const choose = (event) => {
    const { value } = event.target;
    post("/api/clock", { speed: value === FASTEST ? null : Number(value) });
  };
  return h(
    "select",
    {
      class: "field select clock-speed",
      "data-testid": "clock-speed",
      "aria-label": "Speed of the clock",
      onchange: choose,
    },
    options,
    h("option", { value: FASTEST }, "As fast as it can"),
  );
}

function tick() {
  write(byId("clock-time"), faceOf());
  write(byId("clock-day"), dayWords());
  write(byId("clock-ran"), ranWords());
  for (const node of document.querySelectorAll("[data-since]")) write(node, ageOf(node.dataset.since));
}

function write(node, words) {
  if (node && node.textContent !== words) node.textContent = words;
}

function faceOf() {
  return timeOfDay(virtualNow(), true);
}

function dayWords() {
  const shown = { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" };
  return `UTC · ${new Intl.DateTimeFormat("en-GB", shown).format(virtualNow())}`;
}

function ranWords() {
  return state.clock?.started ? ` · ran ${spanOf(virtualNow() - Date.parse(state.clock.started))}` : "";
}

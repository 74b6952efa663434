/** The Load panel: who is asked how much, what runs and what became of its requests. */

import { post } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./live.js";
import { fillWith } from "./patch.js";
import { state, touch, watch } from "./store.js";
import { timeOfDay } from "./time.js";

const START = "start";
const failures = new Map();
const running = new Set();
/** What the reader has chosen of what other fields depend on. */
const chosen = {};

/** Show the panel. */
export function startLoad() {
  watch(["load", "tab"], draw);
}

function draw() {
  if (state.tab !== "load") return;
  const { places = [], streams = [] } = state.load ?? {};
  const runs = streams.filter((one) => one.runs);
  const ended = streams.filter((one) => !one.runs);
  fillWith(byId("panel-load"), [
    h("h2", { class: "hidden", "data-key": "title" }, "Load"),
    part(
      "running",
      "Running",
      runs.length ? h("ul", { class: "streams" }, runs.map(stream)) : empty("Nobody asks the models for anything now."),
    ),
    part(
      "form",
      "Set a load",
      places.length ? form(state.load) : empty("No deployment serves yet. Deploy a model, then set a load here."),
    ),
    ended.length > 0 && part("ended", "Ended", h("ul", { class: "streams" }, ended.map(stream))),
  ]);
}

function part(key, title, inside) {
  return h(
    "section",
    { class: "part", "data-key": key, "aria-labelledby": `load-${key}` },
    h("h3", { id: `load-${key}` }, title),
    inside,
  );
}

function empty(words) {
  return h("p", { class: "empty" }, words);
}

function stream(one) {
  const stop = () => send({ key: one.key, on: false }, one.key, `Stopped: ${one.key}`);
  return h(
    "li",
    { class: "stream", "data-key": one.key, "data-testid": "stream" },
    h(
      "div",
      null,
      h("strong", null, one.key),
      h("div", { class: "quiet" }, facts(one).join(" · ")),
      problem(one.key),
    ),
    one.runs &&
      h("button", { class: "button", type: "button", "aria-label": `Stop: ${one.key}`, onclick: stop }, "Stop"),
  );
}

function facts(one) {
  const count = (number, words) => number > 0 && `${number.toLocaleString("en-US")} ${words}`;
  const refused = Object.entries(one.refused).map(([status, number]) =>
    count(number, status === "0" ? "got no answer" : `refused with ${status}`),
  );
  return [
    one.runs && `${one.rate} requests a second now`,
    count(one.sent, "sent"),
    count(one.served, "served"),
    count(one.waiting, "waiting or being served"),
    count(one["gave up"], "gave up"),
    count(one.lost, "lost"),
    ...refused,
    one.ends && `until ${timeOfDay(Date.parse(one.ends))}`,
  ].filter(Boolean);
}

function form({ places, shapes, lengths, levels }) {
  const deployments = [...new Set(places.map((place) => place.deployment))];
  const deployment = deployments.includes(chosen.deployment) ? chosen.deployment : deployments[0];
  const here = places.filter((place) => place.deployment === deployment);
  const place = here.find((one) => one.region === chosen.region) ?? here[0];
  const shape = shapes.find((one) => one.id === chosen.shape) ?? shapes[0];
  const kind = lengths.find((one) => one.id === chosen.lengths) ?? lengths[0];
  const submit = (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    send({ fields, on: true }, START, "The load has begun.");
  };
  const busy = running.has(START) ? "true" : null;
  const named = (one) => ({ value: one.id, text: one.title });
  const plain = (value) => ({ value, text: value });
  return h(
    "form",
    { class: "fault", "data-testid": "load", "data-key": "form", "aria-labelledby": "load-form", onsubmit: submit },
    h(
      "div",
      { class: "fault-fields" },
      select("deployment", "Deployment", deployments.map(plain), deployment),
      select(
        "region",
        "Region of the clients",
        here.map((one) => plain(one.region)),
        place.region,
      ),
      select("shape", "Shape", shapes.map(named), shape.id, "load-shape"),
      select("lengths", "Requests", lengths.map(named), kind.id),
      typed("rate", "How much", levels[2], "load-bears", "load-levels"),
      typed("minutes", "Minutes", "120"),
      h("datalist", { id: "load-levels" }, levels.map((level) => h("option", { value: level }))),
      h("button", { class: "button primary", type: "submit", "aria-busy": busy }, "Start"),
    ),
    h("p", { class: "quiet", id: "load-shape" }, shape.help),
    h("p", { class: "quiet", id: "load-bears" }, capacity(place, kind)),
    problem(START),
  );
}

function capacity({ region, servers, bears }, kind) {
  const many = servers === 1 ? "its server bears" : `its ${servers} servers bear`;
  const borne = `In ${region} ${many} about ${bears[kind.id]} requests a second of this kind.`;
  return `${borne} Say how much as a share of that, such as 130 %, or as requests a second, such as 4.5.`;
}

function select(name, label, options, value, described = null) {
  const id = `load-field-${name}`;
  const choose = (event) => {
    chosen[name] = event.target.value;
    touch("load");
  };
  const option = (one) =>
    h("option", { value: one.value, "data-key": one.value, selected: one.value === value }, one.text);
  const shown = { class: "field select", id, name, "data-key": id, "aria-describedby": described, onchange: choose };
  return field(id, label, h("select", shown, options.map(option)));
}

function typed(name, label, value, described = null, list = null) {
  const id = `load-field-${name}`;
  const shown = { class: "field", id, name, value, list, "data-key": id, autocomplete: "off" };
  return field(id, label, h("input", { ...shown, "aria-describedby": described }));
}

function field(id, label, input) {
  return h("div", { class: "fault-field", "data-key": `${id}-field` }, h("label", { for: id }, label), input);
}

function problem(key) {
  const words = failures.get(key);
  return words && h("p", { class: "action-error", role: "alert", "data-key": "failure" }, words);
}

async function send(body, key, said) {
  if (running.has(key)) return;
  running.add(key);
  failures.delete(key);
  touch("load");
  const answer = await post("/api/load", body);
  running.delete(key);
  if (!answer.ok) failures.set(key, answer.error);
  else announce(said);
  touch("load");
}

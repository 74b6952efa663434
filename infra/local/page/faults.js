/** The Faults panel: what can be broken, what is broken or about to be, and how often each fault was met. */

import { post } from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./live.js";
import { fillWith } from "./patch.js";
import { state, touch, watch } from "./store.js";

const failures = new Map();
const running = new Set();

/** Show the panel. */
export function startFaults() {
  watch(["faults", "tab"], draw);
}

function draw() {
  if (state.tab !== "faults") return;
  const { menu = [], active = [] } = state.faults ?? {};
  fillWith(byId("panel-faults"), [
    h("h2", { class: "hidden", "data-key": "title" }, "Faults"),
    h(
      "section",
      { class: "part", "data-key": "active", "aria-labelledby": "faults-active" },
      h("h3", { id: "faults-active" }, "Broken now"),
      active.length
        ? h("ul", { class: "active-faults" }, active.map(activeFault))
        : h("p", { class: "empty" }, "Nothing is broken. All of the cloud answers as it should."),
    ),
    h(
      "section",
      { class: "part", "data-key": "menu", "aria-labelledby": "faults-menu" },
      h("h3", { id: "faults-menu" }, "Break something"),
      h("div", { class: "fault-menu" }, menu.map(faultForm)),
    ),
  ]);
}

function activeFault(fault) {
  return h(
    "li",
    { class: "active-fault", "data-key": fault.key, "data-testid": `active-${fault.id}` },
    icon("alert"),
    h(
      "div",
      null,
      h("strong", null, fault.title),
      fault.detail && h("span", null, ` ${fault.detail}`),
      h("div", { class: "quiet" }, [comingWords(fault.left), metWords(fault.met)].filter(Boolean).join(" · ")),
    ),
    h(
      "button",
      {
        class: "button",
        type: "button",
        "aria-label": `Take back: ${fault.title} ${fault.detail ?? ""}`.trim(),
        onclick: () => send({ key: fault.key, on: false }, fault.key),
      },
      "Take back",
    ),
    problem(fault.key),
  );
}

function faultForm(fault) {
  const submit = (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget));
    send({ id: fault.id, fields, on: true }, fault.id, fault.title);
  };
  const title = `fault-title-${fault.id}`;
  const busy = running.has(fault.id);
  return h(
    "form",
    {
      class: "fault",
      "data-testid": `fault-${fault.id}`,
      "data-key": fault.id,
      "aria-labelledby": title,
      onsubmit: submit,
    },
    h(
      "div",
      { class: "fault-head" },
      h("h4", { id: title }, fault.title),
      fault.met > 0 && h("span", { class: "met" }, metWords(fault.met)),
    ),
    h("p", { class: "quiet" }, fault.help),
    h(
      "div",
      { class: "fault-fields" },
      (fault.fields ?? []).map((field) => faultField(fault, field)),
      h(
        "button",
        {
          class: fault.kind === "once" ? "button" : "button danger",
          type: "submit",
          "aria-describedby": title,
          "aria-busy": busy ? "true" : null,
        },
        fault.kind === "once" ? "Do it once" : "Break it",
      ),
    ),
    problem(fault.id),
  );
}

function faultField(fault, field) {
  const id = `fault-${fault.id}-${field.name}`;
  // Where there is no choice, nobody is asked.
  if (field.choices?.length === 1) return h("input", { type: "hidden", name: field.name, value: field.choices[0] });
  const options = field.choices?.map((choice) =>
    h("option", { value: choice, selected: String(choice) === String(field.value) }, String(choice)),
  );
  const input = options
    ? h("select", { class: "field select", id, name: field.name, "data-key": id }, options)
    : h("input", {
        class: "field",
        id,
        name: field.name,
        value: field.value ?? "",
        "data-key": id,
        autocomplete: "off",
      });
  return h("div", { class: "fault-field" }, h("label", { for: id }, field.label), input);
}

function problem(key) {
  const words = failures.get(key);
  return words && h("p", { class: "action-error", role: "alert", "data-key": "failure" }, words);
}

async function send(body, key, title = "") {
  if (running.has(key)) return;
  running.add(key);
  failures.delete(key);
  touch("faults");
  const answer = await post("/api/fault", body);
  running.delete(key);
  if (!answer.ok) failures.set(key, answer.error);
  else if (title) announce(`Done: ${title}`);
  touch("faults");
}

/** Return how many of a fault are still to come; nothing for one that stays until it is taken back. */
export function comingWords(left) {
  return left === null ? "" : `${left} to come`;
}

/** Not every fault's meetings are counted; of those that are not, nothing is said. */
function metWords(count) {
  if (count === null) return "";
  return count ? `met ${count} ${count === 1 ? "time" : "times"}` : "not met yet";
}

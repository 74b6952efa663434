/** A tree of things with their states; many small ones of a kind are a row of dots until they are wanted. */

import { ageNode } from "./clock.js";
import { classes, h } from "./dom.js";
import { icon } from "./icons.js";
import { touch } from "./store.js";

/** So many of one kind are still shown one by one. */
const FEW = 4;
const TONES = ["good", "busy", "bad", "idle"];
const opened = new Set();
const seen = new Map();
let started = false;

/** Return a list of items with what belongs to them. */
export function treeNode(items, path) {
  const groups = [];
  for (const item of items ?? []) {
    const last = groups.at(-1);
    if (last?.[0].kind === item.kind) last.push(item);
    else groups.push([item]);
  }
  return h(
    "ul",
    { class: "tree" },
    groups.map((group) => groupNodes(group, path)),
  );
}

/** Return a state as words: "RUNNING" is easier to read as "Running". */
export function stateWords(state) {
  const text = String(state ?? "");
  if (text !== text.toUpperCase()) return text;
  const words = text.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Return a chip: the word says it, the colour repeats it. */
export function chip(state, tone) {
  return h("span", { class: `chip ${TONES.includes(tone) ? tone : "idle"}` }, stateWords(state));
}

function groupNodes(group, path) {
  const many = group.length > FEW && group.every((item) => !item.children?.length);
  if (!many) return group.map((item) => itemNode(item, path));
  const key = `${path}/${group[0].kind}`;
  const open = opened.has(key);
  const turn = () => {
    if (!opened.delete(key)) opened.add(key);
    touch("world");
  };
  const dots = group.map((item) =>
    h("span", {
      class: classes("dot", item.tone, flash(item)),
      "data-key": item.id,
      title: `${item.name}: ${stateWords(item.state)}`,
    }),
  );
  return h(
    "li",
    { "data-key": key, class: "many" },
    h(
      "button",
      { class: "many-row", type: "button", "aria-expanded": String(open), onclick: turn },
      icon("chevron"),
      h("span", { class: "many-words" }, summary(group)),
      !open && h("span", { class: "dots", "aria-hidden": "true" }, dots),
    ),
    open &&
      h(
        "ul",
        { class: "tree" },
        group.map((item) => itemNode(item, path)),
      ),
  );
}

function summary(group) {
  const counts = new Map();
  for (const { state } of group) counts.set(state, (counts.get(state) ?? 0) + 1);
  const kind = `${group[0].kind.toLowerCase()}s`;
  const words = (state) => inSentence(stateWords(state));
  if (counts.size === 1) return `${group.length} ${kind} ${words(group[0].state)}`;
  return `${group.length} ${kind}: ${[...counts].map(([state, count]) => `${count} ${words(state)}`).join(", ")}`;
}

/** "Running" is a word, "CrashLoopBackOff" is a name. */
function inSentence(words) {
  return /^[A-Z][a-z]+( |$)/.test(words) ? words.toLowerCase() : words;
}

function itemNode(item, path) {
  return h(
    "li",
    { "data-key": item.id, "data-testid": "item" },
    h(
      "div",
      { class: classes("item", flash(item)) },
      h("span", { class: "kind" }, item.kind),
      h("span", { class: "item-name", title: item.name }, item.name),
      item.since && ageNode(item.since),
      chip(item.state, item.tone),
    ),
    item.note && h("p", { class: item.tone === "bad" ? "note bad" : "note" }, item.note),
    item.children?.length > 0 && treeNode(item.children, `${path}/${item.id}`),
  );
}

/** Return a class that plays once for each change; two of them take turns so that it plays again. */
function flash(item) {
  const looks = `${item.state}|${item.note}`;
  const before = seen.get(item.id);
  const first = started ? 1 : 0;
  const times = before ? before.times + (before.looks !== looks) : first;
  seen.set(item.id, { looks, times });
  return times > 0 && `flash-${times % 2}`;
}

/** From now on, what was not there before is a change. */
export function noteDrawn() {
  started = seen.size > 0;
}

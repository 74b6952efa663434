/**
 * What happens when somebody uses an element of a block: ask first where Slack asks, send, show that it runs, say what
 * failed.
 */

import { post } from "./api.js";
import { confirmed } from "./confirm.js";
import { state } from "./store.js";

const running = new Set();
const failures = new Map();

/**
 * Where blocks are shown, and how to draw them again.
 * @typedef {Object} Surface
 * @property {string} key unique on the page
 * @property {"message"|"modal"|"home"} kind
 * @property {Object} target what names it to the server: channel and ts, or view_id
 * @property {Object} [values] Slack's state.values of the view, for what was typed before
 * @property {Object<string, string>} [errors] block_id -> what is wrong with its input
 * @property {function(): void} redraw
 * @property {function(): Object} collect returns Slack's state.values as they stand
 */

/** Return what tells an element from all others of a surface: several buttons may share an action. */
function keyOf(surface, element) {
  return `${surface.key}|${element.action_id}|${element.value ?? ""}`;
}

/** Return whether the action of this element is being sent. */
export function isRunning(surface, element) {
  return running.has(keyOf(surface, element));
}

/** Return what went wrong with the last action of any of these elements, or nothing. */
export function failureOf(surface, elements) {
  return elements.map((element) => failures.get(keyOf(surface, element))).find(Boolean);
}

/**
 * Send what somebody did with an element, once.
 * @param {Surface} surface
 * @param {Object} element the block element
 * @param {string} blockId
 * @param {{option?: string, value?: string}} [chosen]
 */
export async function act(surface, element, blockId, chosen = {}) {
  const key = keyOf(surface, element);
  if (running.has(key)) return;
  if (element.confirm && !(await confirmed(element.confirm))) return;
  running.add(key);
  failures.delete(key);
  surface.redraw();
  const values = surface.kind === "message" ? {} : { values: surface.collect() };
  const named = { user: state.me, ...surface.target, action_id: element.action_id, block_id: blockId };
  const answer = await post("/api/click", { ...named, ...chosen, ...values });
  running.delete(key);
  if (!answer.ok) failures.set(key, answer.error);
  surface.redraw();
}

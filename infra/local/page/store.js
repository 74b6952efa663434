/**
 * What the page knows: the server's sections by their names, and what the reader has chosen. Whoever shows something
 * watches names; all that changed is drawn once per frame.
 */

/** @type {Object<string, *>} name -> value; see the setters in stream.js for the server's names */
export const state = {
  me: "",
  place: "",
  thread: "",
  tab: "world",
  side: "chat",
  wide: false,
  connection: "waiting",
  unread: {},
};

const watchers = [];
const dirty = new Set();
let asked = false;

/** Set a value and have everybody who watches it drawn in the next frame. */
export function put(name, value) {
  state[name] = value;
  touch(name);
}

/** Have everybody who watches this name drawn in the next frame. */
export function touch(name) {
  dirty.add(name);
  if (asked) return;
  asked = true;
  requestAnimationFrame(flush);
}

/**
 * Call `draw` once per frame in which one of the names changed.
 * @param {string[]} names a name that ends in "/" stands for all that begin with it
 * @param {function(Set<string>): void} draw gets all names that changed
 */
export function watch(names, draw) {
  watchers.push({ names, draw });
}

/** Return a section's list, or an empty one while there is none. */
export function listOf(name) {
  return Array.isArray(state[name]) ? state[name] : [];
}

/** Return the person with that id, or undefined. */
export function personOf(id) {
  return listOf("people").find((person) => person.id === id);
}

/** Return the open conversation, or undefined at the Home tab. */
export function openPlace() {
  return listOf("places").find((place) => place.id === state.place);
}

/** Forget all that only the person before was shown. */
export function forgetPersonal() {
  for (const name of Object.keys(state)) {
    if (name.startsWith("messages/")) delete state[name];
  }
  for (const name of ["places", "modal", "home"]) put(name, null);
  put("thread", "");
}

function flush() {
  asked = false;
  const names = new Set(dirty);
  dirty.clear();
  for (const { names: wanted, draw } of watchers) {
    if (wanted.some((name) => concerns(name, names))) drawn(draw, names);
  }
}

/** One part that fails must not keep the others from being drawn; the browser still tells of it. */
function drawn(draw, names) {
  try {
    draw(names);
  } catch (error) {
    reportError(error);
  }
}

function concerns(name, changed) {
  if (!name.endsWith("/")) return changed.has(name);
  for (const one of changed) if (one.startsWith(name)) return true;
  return false;
}

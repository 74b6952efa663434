/** Listens to the server's events and fills the store. A lost connection is told and tried again until it is back. */

import { forgetPersonal, listOf, personOf, put, state, touch } from "./store.js";
import { noteClock } from "./time.js";
import { remember, recall } from "./memory.js";

/** Entries of the inspector that are kept; the oldest are dropped. */
const MOST_WIRE = 3000;
const PAUSES = [500, 1000, 2000, 4000];
/** The first person of the try-out: somebody must be named before the list of people is known. */
const FIRST = "U0ANA00001";

let source = null;
let timer = 0;
let failures = 0;

/** Begin, as the person of the last visit. */
export function start() {
  addEventListener("hashchange", () => actAs(location.hash.slice(1)));
  actAs(location.hash.slice(1) || recall("me", FIRST) || FIRST);
}

/** Act as another person from now on. */
export function actAs(id) {
  if (!id || id === state.me) return;
  if (state.me) forgetPersonal();
  put("me", id);
  remember("me", id);
  history.replaceState(null, "", `#${id}`);
  connect();
}

function connect() {
  clearTimeout(timer);
  source?.close();
  const made = new EventSource(`/api/events?user=${encodeURIComponent(state.me)}`);
  source = made;
  let fresh = true;
  made.onopen = () => {
    failures = 0;
    fresh = true;
    put("connection", "open");
  };
  made.onerror = () => made === source && lost(made);
  made.addEventListener("section", (event) => made === source && takeSection(JSON.parse(event.data)));
  made.addEventListener("wire", (event) => {
    if (made !== source) return;
    takeWire(JSON.parse(event.data), fresh);
    fresh = false;
  });
}

function lost(broken) {
  put("connection", "lost");
  // The browser tries again by itself unless the server refused; then we do.
  if (broken.readyState !== EventSource.CLOSED) return;
  if (!listOf("people").length && state.me !== FIRST) put("me", FIRST);
  timer = setTimeout(connect, PAUSES[Math.min(failures++, PAUSES.length - 1)]);
}

function takeSection({ name, value }) {
  if (name === "clock") noteClock(value);
  put(name, value);
  if (name === "people" && value?.length && !personOf(state.me)) actAs(value[0].id);
}

function takeWire(entries, fresh) {
  const kept = fresh ? [] : listOf("wire");
  for (const entry of entries) kept.push(entry);
  if (kept.length > MOST_WIRE) kept.splice(0, kept.length - MOST_WIRE);
  state.wire = kept;
  if (fresh) touch("wire-reset");
  touch("wire");
}

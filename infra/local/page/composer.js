/** The field one writes in: slash commands with completion, a history of what was sent, and what is sent where. */

import { post } from "./api.js";
import { Completion } from "./completion.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { recall, remember } from "./memory.js";
import { fillWith } from "./patch.js";
import { listOf, openPlace, state, watch } from "./store.js";

const EXAMPLES = [
  "/infer deploy llama3-8b us-east4,europe-west3",
  "/infer plan deploy llama3-8b us-east4",
  "/infer list",
  "/infer help",
];
/** Lines that are kept for each person. */
const MOST_HISTORY = 60;
const drafts = new Map();

/**
 * Return a composer for the conversation or for its thread.
 * @param {{kind: "channel"|"thread", sent: function(): void}} about
 */
export function composer(about) {
  const inThread = about.kind === "thread";
  const field = h("textarea", {
    id: inThread ? "thread-composer" : "composer",
    "data-testid": inThread ? "thread-composer" : "composer",
    rows: "1",
    "aria-label": "Message",
    autocomplete: "off",
    spellcheck: "true",
  });
  const failure = h("p", { class: "composer-error", role: "alert" });
  const made = { ...about, inThread, field, failure, at: -1, busy: false };
  made.completion = inThread ? null : new Completion(field, (text) => fill(made, text));
  const send = h(
    "button",
    {
      class: "send",
      type: "button",
      "data-testid": inThread ? "thread-send" : "send",
      "aria-label": "Send",
      onclick: () => submit(made),
    },
    icon("send"),
  );
  field.oninput = () => typed(made);
  field.onkeydown = (event) => keyed(made, event);
  watch(["place", "thread", "me", "places", "people"], () => placed(made));
  const chips = h("div", { class: "examples", hidden: true });
  if (!inThread) watch(["messages/", "place", "places"], () => drawExamples(made, chips));
  return h(
    "div",
    { class: "composer-frame" },
    chips,
    failure,
    made.completion?.list,
    h("div", { class: "composer" }, field, send),
  );
}

function typed(made) {
  made.at = -1;
  made.failure.textContent = "";
  drafts.set(slotOf(made), made.field.value);
  grow(made.field);
  made.completion?.ask(made.field.value);
}

function keyed(made, event) {
  if (event.isComposing || made.completion?.takesKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit(made);
  }
  const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (step && (made.at >= 0 || !made.field.value)) browse(made, step, event);
}

function browse(made, step, event) {
  const history = recall(`said.${state.me}`, []);
  const at = Math.max(-1, Math.min(history.length - 1, made.at + step));
  event.preventDefault();
  fill(made, at < 0 ? "" : history[at]);
  // Completions would take the next arrow key for themselves.
  made.completion?.close();
  made.at = at;
}

/** Send what stands in the field; while the conversation is not known yet, or another line is under way, a bit later. */
async function submit(made) {
  const text = made.field.value.trim();
  const place = openPlace();
  made.waiting = Boolean(text) && (made.busy || !place);
  if (!text || made.waiting) return;
  if (made.inThread && text.startsWith("/")) {
    made.failure.textContent = "Slash commands cannot be used in a thread. Type it in the conversation.";
    return;
  }
  made.busy = true;
  made.completion?.close();
  const from = { slot: slotOf(made), user: state.me };
  const thread = made.inThread ? { thread_ts: state.thread } : {};
  const answer = await post("/api/say", { user: state.me, channel: place.id, text, ...thread });
  told(made, from, text, answer);
}

/** Meanwhile another person or conversation may have been chosen, or more been typed: that stays as it is. */
function told(made, from, text, answer) {
  made.busy = false;
  const here = from.slot === slotOf(made);
  if (!answer.ok) {
    if (here) made.failure.textContent = answer.error;
    return;
  }
  keep(from.user, text);
  if (!here) {
    drafts.delete(from.slot);
    return;
  }
  if (made.field.value.trim() === text) fill(made, "");
  made.sent();
  if (made.waiting) submit(made);
}

function keep(user, text) {
  const before = recall(`said.${user}`, []).filter((one) => one !== text);
  remember(`said.${user}`, [text, ...before].slice(0, MOST_HISTORY));
}

function fill(made, text) {
  made.field.value = text;
  typed(made);
  if (!text) made.completion?.close();
  made.field.setSelectionRange(text.length, text.length);
}

/** Each person has a draft of their own in each conversation. */
function placed(made) {
  const slot = slotOf(made);
  const place = openPlace();
  const name = place ? `${place.kind === "channel" ? "#" : ""}${place.name}` : "";
  const words = made.inThread ? "Reply…" : `Message ${name} or type / for commands`;
  made.field.placeholder = words;
  made.field.setAttribute("aria-label", made.inThread ? "Reply in the thread" : `Message ${name}`);
  if (slot === made.slot) {
    if (made.waiting) submit(made);
    return;
  }
  made.slot = slot;
  made.waiting = false;
  made.at = -1;
  made.failure.textContent = "";
  made.completion?.close();
  made.field.value = drafts.get(slot) ?? "";
  grow(made.field);
}

function slotOf(made) {
  return `${state.me}/${state.place}/${made.inThread ? state.thread : ""}`;
}

function grow(field) {
  field.style.setProperty("height", "auto");
  field.style.setProperty("height", `${Math.min(180, field.scrollHeight)}px`);
}

function drawExamples(made, chips) {
  const place = openPlace();
  chips.hidden = !place?.bot || listOf(`messages/${place.id}`).length > 0;
  if (chips.hidden) return;
  const one = (text) =>
    h(
      "button",
      {
        class: "example",
        type: "button",
        onclick: () => {
          fill(made, text);
          byId("composer").focus();
        },
      },
      h("code", null, text),
    );
  fillWith(chips, [h("span", { class: "quiet" }, "Try:"), ...EXAMPLES.map(one)]);
}

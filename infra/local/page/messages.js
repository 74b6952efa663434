/** The open conversation and the open thread: which messages stand there, in groups and days. */

import { byId, h } from "./dom.js";
import { KeyedList } from "./keyed.js";
import { announce } from "./live.js";
import { drawCount, messageNode } from "./message.js";
import { plainWords } from "./mrkdwn.js";
import { writerOf } from "./people.js";
import { Scroller } from "./scroller.js";
import { listOf, openPlace, state, watch } from "./store.js";
import { dayKey, dayOf, virtualNow } from "./time.js";

/** Messages of one person within so many virtual milliseconds share one head. */
const SAME_GROUP = 5 * 60_000;
let context = "";

/** Show the conversation, and return what scrolls it to its end. */
export function startMessages() {
  const list = new KeyedList(byId("message-list"));
  const scroller = new Scroller(byId("messages"));
  let shown = "";
  watch(["place", "me", "people", "bot", "places", "clock", "messages/"], (names) => {
    const place = openPlace();
    byId("messages").hidden = state.place === "home";
    const day = dayKey(virtualNow());
    if (onlyTheClock(names) && day === list.day) return;
    list.day = day;
    noteContext();
    const items = place ? conversation(place) : [];
    const moved = shown !== `${state.me}/${state.place}`;
    shown = `${state.me}/${state.place}`;
    scroller.around(moved, () => tell(list.draw(items), moved));
  });
  return scroller;
}

/** Show the open thread, and return what scrolls it to its end. */
export function startThread() {
  const list = new KeyedList(byId("thread-list"));
  const scroller = new Scroller(byId("thread-messages"));
  let shown = "";
  watch(["thread", "place", "me", "people", "bot", "messages/"], () => {
    const moved = shown !== state.thread;
    shown = state.thread;
    noteContext();
    scroller.around(moved, () => newFromOthers(list.draw(threadItems())).length);
  });
  return scroller;
}

/** Return whether a message stands in a thread only. */
export function isReply(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

/** Return the messages of the open thread, its first one first. */
export function threadMessages() {
  if (!state.thread) return [];
  return listOf(`messages/${state.place}`).filter((one) => one.ts === state.thread || one.thread_ts === state.thread);
}

function onlyTheClock(names) {
  return names.size === 1 && names.has("clock");
}

function conversation(place) {
  const messages = listOf(`messages/${place.id}`);
  const replies = new Map();
  for (const one of messages) {
    if (isReply(one)) replies.set(one.thread_ts, [...(replies.get(one.thread_ts) ?? []), one]);
  }
  const about = (message, before) => ({ grouped: belongs(message, before), replies: replies.get(message.ts) ?? [] });
  const own = messages.filter((one) => !isReply(one));
  return [beginning(place), ...inDays(own, (message, before) => item(place.id, message, about(message, before)))];
}

function threadItems() {
  const [first, ...rest] = threadMessages();
  if (!first) return [];
  const count = `${rest.length} ${rest.length === 1 ? "reply" : "replies"}`;
  const line = {
    key: "count",
    signature: count,
    build: () => h("div", { class: "thread-count" }, h("span", null, count)),
  };
  const about = (message, index) => ({ grouped: index > 0 && belongs(message, rest[index - 1]), inThread: true });
  const items = rest.map((message, index) => item(state.place, message, about(message, index)));
  return [item(state.place, first, { grouped: false, inThread: true }), line, ...items];
}

function inDays(messages, itemOf) {
  const items = [];
  messages.forEach((message, index) => {
    const day = dayKey(Date.parse(message.at));
    const before = messages[index - 1];
    const sameDay = before && dayKey(Date.parse(before.at)) === day;
    if (!sameDay) items.push(divider(day, message));
    items.push(itemOf(message, sameDay ? before : null));
  });
  return items;
}

function divider(day, message) {
  const words = dayOf(Date.parse(message.at));
  return { key: `day-${day}`, signature: words, build: () => h("div", { class: "day" }, h("span", null, words)) };
}

function belongs(message, before) {
  if (!before || before.user !== message.user || before.ephemeral !== message.ephemeral) return false;
  return Date.parse(message.at) - Date.parse(before.at) < SAME_GROUP && !message.blocks?.length;
}

function item(channel, message, about) {
  const last = about.replies?.at(-1)?.ts;
  const drawn = drawCount(channel, message);
  return {
    key: `${channel}-${message.ts}${message.ephemeral ? "-you" : ""}`,
    signature: `${context} ${JSON.stringify([message, about.grouped, about.replies?.length, last, drawn])}`,
    build: () => messageNode(channel, message, about),
  };
}

/** Names and days stand in the text of messages, so all are drawn again when they change. */
function noteContext() {
  context = JSON.stringify([state.people, state.bot, state.me, dayKey(virtualNow())]);
}

function beginning(place) {
  const direct = place.kind === "direct";
  const words = direct
    ? `This is the beginning of your messages with ${place.name}.`
    : `This is the beginning of #${place.name}.`;
  const help = place.bot ? " Type /infer help to see what the bot can do." : "";
  const build = () =>
    h(
      "div",
      { class: "beginning" },
      h("h3", null, direct ? place.name : `# ${place.name}`),
      h("p", null, words + help),
    );
  return { key: `beginning-${place.id}`, signature: words, build };
}

function tell(added, moved) {
  if (moved) return 0;
  const fresh = newFromOthers(added);
  for (const one of fresh.slice(-3))
    announce(`${writerOf(one.user).name}: ${plainWords(one.text ?? "").slice(0, 240)}`);
  return fresh.length;
}

function newFromOthers(added) {
  const keys = new Set(added);
  const keyOf = (one) => `${state.place}-${one.ts}${one.ephemeral ? "-you" : ""}`;
  return listOf(`messages/${state.place}`).filter((one) => one.user !== state.me && keys.has(keyOf(one)));
}

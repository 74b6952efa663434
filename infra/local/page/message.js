/** One message: who wrote it and when, its blocks or its text, reactions, and the way to its thread. */

import { blockNodes } from "./blocks.js";
import { classes, h, hidden } from "./dom.js";
import { emojiNode, linkNode, mrkdwn } from "./mrkdwn.js";
import { icon } from "./icons.js";
import { avatar, writerOf } from "./people.js";
import { put, state, touch } from "./store.js";
import { timeOfDay } from "./time.js";
import { valuesOf } from "./values.js";

const redraws = new Map();

/**
 * Return what must differ for a message to be drawn again.
 * @param {string} channel
 * @param {Object} message
 */
export function drawCount(channel, message) {
  return redraws.get(keyOf(channel, message)) ?? 0;
}

/**
 * Return a message's node.
 * @param {string} channel
 * @param {Object} message
 * @param {{grouped: boolean, replies?: Object[], inThread?: boolean}} about how it stands among the others
 */
export function messageNode(channel, message, about) {
  const writer = writerOf(message.user);
  const time = timeOfDay(Date.parse(message.at));
  return h(
    "article",
    {
      class: classes("message", about.grouped && "grouped", message.ephemeral && "ephemeral"),
      tabindex: "-1",
      "data-testid": "message",
      "data-ts": message.ts,
      "aria-label": `${writer.name} at ${time}`,
    },
    h(
      "div",
      { class: "gutter" },
      about.grouped ? h("time", { class: "side-time", "aria-hidden": "true" }, time) : avatar(message.user),
    ),
    h(
      "div",
      { class: "message-body" },
      message.ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
      about.grouped ? hidden(`${writer.name}, ${time}`) : head(writer, time, message),
      content(channel, message),
      message.reactions?.length > 0 && reactions(message.reactions),
      about.replies?.length > 0 && threadLink(message, about.replies),
    ),
    !about.inThread && !message.ephemeral && replyButton(message),
  );
}

function head(writer, time, message) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "writer" }, writer.name),
    writer.app && h("span", { class: "badge" }, "APP"),
    h("time", { datetime: message.at, title: message.at }, time),
    message.edited && message.blocks?.length > 0 && editedMark(),
  );
}

function editedMark() {
  return h("span", { class: "edited" }, " (edited)");
}

function content(channel, message) {
  const surface = surfaceOf(channel, message);
  const blocks = message.blocks?.length
    ? blockNodes(message.blocks, surface)
    : h("div", { class: "text" }, mrkdwn(message.text ?? ""), message.edited && editedMark());
  return h(
    "div",
    { class: "content" },
    blocks,
    (message.attachments ?? []).map((one) => attachment(one, surface)),
  );
}

function attachment(one, surface) {
  const colour = /^#?[0-9a-f]{6}$/i.test(one.color ?? "") ? `#${one.color.replace("#", "")}` : null;
  return h(
    "div",
    { class: "attachment", style: colour ? { "border-color": colour } : null },
    one.pretext && h("div", { class: "text" }, mrkdwn(one.pretext)),
    one.title && h("div", { class: "card-title" }, one.title_link ? linkNode(one.title_link, one.title) : one.title),
    one.blocks ? blockNodes(one.blocks, surface) : h("div", { class: "text" }, mrkdwn(one.text ?? one.fallback ?? "")),
    one.footer && h("div", { class: "quiet" }, one.footer),
  );
}

function reactions(list) {
  const one = ({ name, count }) => h("li", { class: "reaction" }, emojiNode(name), h("span", null, String(count)));
  return h("ul", { class: "reactions", "aria-label": "Reactions" }, list.map(one));
}

function threadLink(message, replies) {
  const faces = [...new Set(replies.map((reply) => reply.user))].slice(0, 4).map((id) => avatar(id, "small"));
  const last = timeOfDay(Date.parse(replies.at(-1).at));
  const words = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    { class: "thread-link", type: "button", "data-key": "thread", onclick: () => put("thread", message.ts) },
    faces,
    h("span", { class: "replies" }, words),
    h("span", { class: "quiet" }, `Last at ${last}`),
    icon("chevron"),
  );
}

function replyButton(message) {
  const open = () => put("thread", message.ts);
  const named = { "aria-label": "Reply in thread", title: "Reply in thread", "data-key": "reply" };
  return h(
    "button",
    { class: "reply-button", type: "button", ...named, onclick: open },
    icon("reply"),
    h("span", { class: "reply-words", "aria-hidden": "true" }, "Reply"),
  );
}

function surfaceOf(channel, message) {
  const key = keyOf(channel, message);
  return {
    key,
    kind: "message",
    target: { channel, ts: message.ts },
    redraw: () => {
      redraws.set(key, (redraws.get(key) ?? 0) + 1);
      touch(`messages/${channel}`);
    },
    collect: () => valuesOf(document.querySelector(`[data-ts="${CSS.escape(message.ts)}"]`) ?? document.body),
  };
}

function keyOf(channel, message) {
  return `${state.me}-${channel}-${message.ts}`;
}

/** Slack's rich_text blocks as DOM nodes. */

import { h } from "./dom.js";
import { channelChip, emojiNode, linkNode, userChip } from "./mrkdwn.js";
import { slackDate } from "./time.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

const WORDS = {
  text: (one) => one.text,
  link: (one) => linkNode(one.url ?? "", one.text || one.url),
  user: (one) => userChip(one.user_id),
  channel: (one) => channelChip(one.channel_id),
  usergroup: (one) => h("span", { class: "mention" }, `@${one.usergroup_id}`),
  broadcast: (one) => h("span", { class: "mention" }, `@${one.range}`),
  emoji: (one) => emojiNode(one.name),
  color: (one) => h("code", null, one.value),
  date: (one) => h("time", { title: one.fallback }, slackDate(one.timestamp, one.format ?? "", one.fallback ?? "")),
};

const PARTS = {
  rich_text_section: (part) => h("div", { class: "text" }, words(part.elements)),
  rich_text_preformatted: (part) => h("pre", { class: "code" }, words(part.elements)),
  rich_text_quote: (part) => h("blockquote", null, words(part.elements)),
  rich_text_list: list,
};

/** Return the nodes of a rich_text block, or of a list of its parts. */
export function richText(block) {
  return (block?.elements ?? []).map((part) => PARTS[part.type]?.(part) ?? h("div", null, words(part.elements)));
}

function words(elements) {
  return (elements ?? []).map((one) => {
    const made = WORDS[one.type]?.(one) ?? one.text ?? `[${one.type}]`;
    const wanted = Object.keys(STYLES).filter((name) => one.style?.[name]);
    return wanted.reduce((inner, name) => h(STYLES[name], null, inner), made);
  });
}

function list(part) {
  const tag = part.style === "ordered" ? "ol" : "ul";
  const indent = Math.min(8, part.indent ?? 0);
  const start = tag === "ol" && part.offset ? part.offset + 1 : null;
  const items = (part.elements ?? []).map((one) => h("li", null, words(one.elements)));
  return h(tag, { class: `rich-list indent-${indent}`, start }, items);
}

/** Slack's mark-up as DOM nodes: bold, italic, code, quotes, links, mentions, dates and emoji. */

import { h } from "./dom.js";
import { drawnEmoji, emojiOf } from "./emoji.js";
import { listOf, personOf, state } from "./store.js";
import { slackDate } from "./time.js";

const FENCE = /```\n?([\s\S]*?)```/g;
const QUOTE = /^(?:&gt;|>) ?/;
const [BEFORE, AFTER] = ["(?<![\\p{L}\\p{N}])", "(?![\\p{L}\\p{N}])"];

/** What may stand in a line, by the order in which Slack looks for it. */
const INLINE = [
  { at: /`([^`\n]+)`/u, make: (found) => h("code", null, unescaped(found[1])) },
  { at: /<([^<>\n]+)>/u, make: (found) => token(found[1]) },
  { at: emphasis("\\*"), make: (found) => h("strong", null, inline(found[1])) },
  { at: emphasis("_"), make: (found) => h("em", null, inline(found[1])) },
  { at: emphasis("~"), make: (found) => h("s", null, inline(found[1])) },
  { at: /:([a-z0-9_+'-]+):/u, make: (found) => emojiNode(found[1]) },
  {
    at: /https?:\/\/[^\s<>|`*]+[^\s<>|`*.,;:!?)'"]/u,
    make: (found) => linkNode(unescaped(found[0]), unescaped(found[0])),
  },
];

/**
 * Return a text object's nodes.
 * @param {?{type: string, text: string, emoji?: boolean}} text
 * @returns {Node[]}
 */
export function textNodes(text) {
  if (!text || typeof text.text !== "string") return [];
  return text.type === "mrkdwn" ? mrkdwn(text.text) : plainNodes(text.text, text.emoji !== false);
}

/** Return mrkdwn as nodes; lines stay apart by the style of the element around them. */
export function mrkdwn(text) {
  const parts = text.split(FENCE);
  return parts.flatMap((part, index) => {
    if (index % 2) return [h("pre", { class: "code" }, unescaped(part.replace(/\n$/, "")))];
    // A fence is a block of its own, so the line breaks beside it are not shown.
    const below = index > 0 ? part.replace(/^\n/, "") : part;
    return quoted(index < parts.length - 1 ? below.replace(/\n$/, "") : below);
  });
}

/** Return plain text as nodes, with emoji if they are wanted. */
function plainNodes(text, emoji = true) {
  if (!emoji) return [text];
  return text.split(/:([a-z0-9_+'-]+):/).map((part, index) => (index % 2 ? (emojiOf(part) ?? `:${part}:`) : part));
}

/** Return mrkdwn as plain words, for previews and announcements. */
export function plainWords(text) {
  return h("div", null, mrkdwn(text)).textContent.replace(/\s+/g, " ").trim();
}

/** Return a link, or only its text where the address is not one to follow. */
export function linkNode(url, ...label) {
  if (!isSafe(url)) return h("span", null, ...label);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

function isSafe(url) {
  return /^(https?:|mailto:)/i.test(url);
}

/** Return the mention of a person, by id. */
export function userChip(id, label = "") {
  const bot = state.bot?.id === id ? state.bot.name : "";
  const name = bot || personOf(id)?.name || label || id;
  return h("span", { class: id === state.me ? "mention mine" : "mention" }, `@${name}`);
}

/** Return the mention of a channel, by id. */
export function channelChip(id, label = "") {
  const name = listOf("places").find((place) => place.id === id)?.name || label || id;
  return h("span", { class: "mention" }, `#${name}`);
}

/** Return an emoji by name; an unknown one keeps its name. */
export function emojiNode(name) {
  const drawn = drawnEmoji(name);
  if (drawn) return drawn;
  const found = emojiOf(name);
  if (!found) return h("span", { class: "emoji-name" }, `:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, found);
}

function emphasis(mark) {
  return new RegExp(`${BEFORE}${mark}(?=[^\\s${mark}])([^${mark}\\n]*[^\\s${mark}])${mark}${AFTER}`, "u");
}

function quoted(text) {
  const made = [];
  let lines = [];
  let inQuote = false;
  const flush = () => {
    if (lines.length)
      made.push(...(inQuote ? [h("blockquote", null, inline(lines.join("\n")))] : inline(lines.join("\n"))));
    lines = [];
  };
  for (const line of text.split("\n")) {
    if (QUOTE.test(line) !== inQuote) {
      flush();
      inQuote = !inQuote;
    }
    lines.push(inQuote ? line.replace(QUOTE, "") : line);
  }
  flush();
  return made;
}

function inline(text) {
  const made = [];
  let rest = text;
  while (rest) {
    const found = first(rest);
    if (!found) break;
    if (found.index) made.push(unescaped(rest.slice(0, found.index)));
    made.push(found.make(found.match));
    rest = rest.slice(found.index + found.match[0].length);
  }
  if (rest) made.push(unescaped(rest));
  return made;
}

function first(text) {
  let best = null;
  for (const { at, make } of INLINE) {
    const match = at.exec(text);
    if (match && (!best || match.index < best.index)) best = { match, make, index: match.index };
  }
  return best;
}

function token(inner) {
  const [target, ...rest] = inner.split("|");
  const label = unescaped(rest.join("|"));
  if (target.startsWith("@")) return userChip(target.slice(1), label);
  if (target.startsWith("#")) return channelChip(target.slice(1), label);
  if (target.startsWith("!")) return special(target.slice(1), label);
  const url = unescaped(target);
  return isSafe(url) ? linkNode(url, label || url) : unescaped(`<${inner}>`);
}

function special(target, label) {
  const [word, ...args] = target.split("^");
  if (word === "subteam") return h("span", { class: "mention" }, label || `@${args[0]}`);
  if (["here", "channel", "everyone"].includes(word)) return h("span", { class: "mention" }, `@${word}`);
  if (word !== "date") return label || `<!${target}>`;
  const [seconds, format, url] = args;
  const shown = slackDate(Number(seconds), unescaped(format ?? ""), label);
  const time = h("time", { title: label }, shown);
  return url ? linkNode(url, time) : time;
}

function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

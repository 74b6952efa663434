/** The markdown block: ordinary Markdown, as far as Slack takes it, as DOM nodes. */

import { h } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { linkNode } from "./mrkdwn.js";

const INLINE = [
  { at: /`([^`\n]+)`/, make: (found) => h("code", null, found[1]) },
  { at: /!?\[([^\]\n]*)\]\(([^()\s]+)\)/, make: (found) => linkNode(found[2], inline(found[1])) },
  { at: /\*\*([^\n]+?)\*\*|__([^\n]+?)__/, make: (found) => h("strong", null, inline(found[1] ?? found[2])) },
  { at: /~~([^\n]+?)~~/, make: (found) => h("s", null, inline(found[1])) },
  {
    at: /\*([^*\s][^*\n]*)\*|(?<!\w)_([^_\s][^_\n]*)_(?!\w)/,
    make: (found) => h("em", null, inline(found[1] ?? found[2])),
  },
  { at: /:([a-z0-9_+-]+):/, make: (found) => emojiOf(found[1]) ?? found[0] },
];
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const START = /^(```|#{1,6}\s|>|\s*(?:[-*+]|\d+[.)])\s|\|.*\||(?:---+|\*\*\*+)\s*$)/;

/** Return Markdown as nodes. */
export function markdown(text) {
  const lines = text.split("\n");
  const made = [];
  while (lines.length) made.push(...block(lines));
  return made;
}

/** Take the next block off the lines, and return its nodes. */
function block(lines) {
  const [line] = lines;
  if (!line.trim()) {
    lines.shift();
    return [];
  }
  if (line.startsWith("```")) return [fence(lines)];
  const heading = /^#{1,6}\s+(.*)$/.exec(line);
  if (heading) {
    lines.shift();
    return [h("p", { class: "markdown-heading" }, inline(heading[1]))];
  }
  if (/^(---+|\*\*\*+)\s*$/.test(line)) {
    lines.shift();
    return [h("hr")];
  }
  if (line.startsWith(">")) {
    const said = take(lines, (one) => one.startsWith(">")).map((one) => one.slice(1).trim());
    return [h("blockquote", null, inline(said.join("\n")))];
  }
  if (ITEM.test(line)) return [list(take(lines, (one) => ITEM.test(one)))];
  if (/^\|.*\|\s*$/.test(line)) return [table(take(lines, (one) => one.startsWith("|")))];
  const paragraph = [lines.shift(), ...take(lines, (one) => one.trim() && !START.test(one))];
  return [h("p", null, inline(paragraph.join("\n")))];
}

function take(lines, wanted) {
  const end = lines.findIndex((line) => !wanted(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function fence(lines) {
  lines.shift();
  const inside = take(lines, (line) => !line.startsWith("```"));
  lines.shift();
  return h("pre", { class: "code" }, inside.join("\n"));
}

function list(lines) {
  const tag = ITEM.exec(lines[0])[1] ? "ol" : "ul";
  return h(
    tag,
    { class: "rich-list" },
    lines.map((line) => h("li", null, inline(ITEM.exec(line)[2]))),
  );
}

function table(lines) {
  const rows = lines.map((line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => cell.trim()),
  );
  const body = rows.filter((row, index) => index !== 1 || !row.every((cell) => /^:?-+:?$/.test(cell)));
  const cells = (row, tag) =>
    h(
      "tr",
      null,
      row.map((cell) => h(tag, tag === "th" ? { scope: "col" } : null, inline(cell))),
    );
  const [head, ...rest] = body;
  return h(
    "div",
    { class: "table-frame", tabindex: "0", role: "group", "aria-label": "Table" },
    h(
      "table",
      { class: "grid" },
      h("thead", null, cells(head, "th")),
      h(
        "tbody",
        null,
        rest.map((row) => cells(row, "td")),
      ),
    ),
  );
}

function inline(text) {
  let best = null;
  for (const { at, make } of INLINE) {
    const match = at.exec(text);
    if (match && (!best || match.index < best.match.index)) best = { match, make };
  }
  if (!best) return [text];
  const { match, make } = best;
  return [text.slice(0, match.index), make(match), ...inline(text.slice(match.index + match[0].length))];
}

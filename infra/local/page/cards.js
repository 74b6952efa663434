/** The newer blocks that frame others: alert, card, carousel, container, plan and its tasks. */

import { h } from "./dom.js";
import { elementNode } from "./elements.js";
import { icon } from "./icons.js";
import { linkNode, textNodes } from "./mrkdwn.js";
import { pictureNode } from "./pictures.js";
import { richText } from "./richtext.js";

const LEVELS = { default: "Note", info: "Info", warning: "Warning", error: "Error", success: "Success" };
const STATUSES = { pending: "Waiting", in_progress: "In progress", complete: "Complete", error: "Failed" };

/** Return the node of an alert block; its level is said in a word before its colour shows it. */
export function alertNode(block) {
  const level = Object.hasOwn(LEVELS, block.level ?? "") ? block.level : "default";
  return h(
    "div",
    { class: `alert ${level}` },
    h("strong", null, `${LEVELS[level]}: `),
    h("span", { class: "text" }, textNodes(block.text)),
  );
}

/** Return the node of a card block. */
export function cardNode(block, surface) {
  return h(
    "div",
    { class: "card" },
    block.hero_image && pictureNode(block.hero_image, null),
    h(
      "div",
      { class: "card-head" },
      block.icon && pictureNode(block.icon, null, "tiny"),
      h(
        "div",
        null,
        block.title && h("div", { class: "card-title" }, textNodes(block.title)),
        block.subtitle && h("div", { class: "quiet" }, textNodes(block.subtitle)),
      ),
    ),
    block.body && h("div", { class: "text" }, textNodes(block.body)),
    block.actions &&
      h(
        "div",
        { class: "actions" },
        block.actions.map((one) => elementNode(one, surface, block.block_id)),
      ),
  );
}

/** Return the node of a carousel block: its cards side by side, to be scrolled. */
export function carouselNode(block, surface) {
  const cards = (block.elements ?? []).map((one) => h("li", null, cardNode(one, surface)));
  return h(
    "div",
    { class: "carousel", role: "group", "aria-label": `${cards.length} cards`, tabindex: "0" },
    h("ul", null, cards),
  );
}

/**
 * Return the node of a container block.
 * @param {Object} block
 * @param {import("./acting.js").Surface} surface
 * @param {function} blockNodes draws its children
 */
export function containerNode(block, surface, blockNodes) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : textNodes(block.title);
  const head = [
    block.icon && pictureNode(block.icon, null, "tiny"),
    h("span", { class: "card-title" }, title),
    block.subtitle && h("span", { class: "quiet" }, textNodes(block.subtitle)),
  ];
  const inside = h("div", { class: "container-body" }, blockNodes(block.child_blocks, surface));
  if (!block.is_collapsible)
    return h("div", { class: "container" }, h("div", { class: "container-head" }, head), inside);
  return h(
    "details",
    { class: "container", open: !block.default_collapsed },
    h("summary", { class: "container-head" }, icon("chevron"), head),
    inside,
  );
}

/** Return the node of a plan block: a title and its tasks. */
export function planNode(block, surface) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((one) => one.status === "complete").length;
  return h(
    "div",
    { class: "plan" },
    h(
      "div",
      { class: "plan-head" },
      h("span", { class: "card-title" }, typeof block.title === "string" ? block.title : textNodes(block.title)),
      h("span", { class: "quiet" }, `${done} of ${tasks.length} complete`),
    ),
    h(
      "ol",
      { class: "tasks" },
      tasks.map((one) => h("li", null, taskNode(one, surface))),
    ),
  );
}

/** Return the node of a task_card block; its status is a word first. */
export function taskNode(block) {
  const status = Object.hasOwn(STATUSES, block.status ?? "") ? block.status : "pending";
  const more = [
    block.details && h("div", { class: "quiet" }, richText(block.details)),
    block.output && h("div", null, richText(block.output)),
    block.sources?.length &&
      h(
        "div",
        { class: "quiet" },
        "Sources: ",
        block.sources.map((one, index) => [index ? ", " : "", linkNode(one.url ?? "", one.text ?? one.url)]),
      ),
  ].filter(Boolean);
  return h(
    "div",
    { class: `task ${status}` },
    h("span", { class: "task-mark", "aria-hidden": "true" }),
    h(
      "div",
      { class: "task-body" },
      h(
        "div",
        { class: "task-head" },
        h("span", null, block.title),
        h("span", { class: "task-status" }, STATUSES[status]),
      ),
      more,
    ),
  );
}

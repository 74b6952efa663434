/** Block Kit as Slack shows it: which node each block becomes. One bad block never spoils the rest. */

import { failureOf } from "./acting.js";
import { alertNode, cardNode, carouselNode, containerNode, planNode, taskNode } from "./cards.js";
import { chartNode } from "./charts.js";
import { h } from "./dom.js";
import { elementNode } from "./elements.js";
import { inputNode } from "./inputs.js";
import { markdown } from "./markdown.js";
import { textNodes } from "./mrkdwn.js";
import { pictureNode } from "./pictures.js";
import { richText } from "./richtext.js";
import { dataTableNode, tableNode } from "./tables.js";

const KINDS = {
  section,
  header: (block) => h(block.level >= 4 ? "h4" : "h3", { class: "block-header" }, textNodes(block.text)),
  divider: () => h("hr"),
  context: (block) => h("div", { class: "context" }, (block.elements ?? []).map(contextItem)),
  actions: (block, surface) => row(block, surface),
  context_actions: (block, surface) => row(block, surface),
  image: (block) => pictureNode(block, textNodes(block.title)),
  rich_text: (block) => h("div", { class: "rich" }, richText(block)),
  table: tableNode,
  data_table: dataTableNode,
  data_visualization: chartNode,
  markdown: (block) => h("div", { class: "markdown" }, markdown(block.text ?? "")),
  alert: alertNode,
  card: cardNode,
  carousel: carouselNode,
  container: (block, surface) => containerNode(block, surface, blockNodes),
  plan: planNode,
  task_card: taskNode,
  input: inputNode,
};

/**
 * Return the nodes of a list of blocks.
 * @param {Object[]} blocks
 * @param {import("./acting.js").Surface} surface
 * @returns {Node[]}
 */
export function blockNodes(blocks, surface) {
  const counts = {};
  return (Array.isArray(blocks) ? blocks : []).map((block) => {
    const type = block?.type ?? "nothing";
    counts[type] = (counts[type] ?? 0) + 1;
    // An update of a message may give its blocks new ids, so they are told apart by their order.
    const key = type === "input" && block.block_id ? `input-${block.block_id}` : `${type}-${counts[type]}`;
    const failure = failureOf(surface, actionsOf(block));
    return h(
      "div",
      { class: `block block-${type}`, "data-key": key },
      nodeOf(block, surface),
      failure && h("p", { class: "action-error", role: "alert", "data-key": "failure" }, failure),
    );
  });
}

function nodeOf(block, surface) {
  if (!Object.hasOwn(KINDS, block?.type ?? "")) return unknown(block);
  try {
    return KINDS[block.type](block, surface);
  } catch {
    return unknown(block);
  }
}

function unknown(block) {
  return h(
    "details",
    { class: "unknown" },
    h("summary", null, `Block of the type “${block?.type ?? "nothing"}”, which this page does not draw`),
    h("pre", { class: "code" }, JSON.stringify(block, null, 2)),
  );
}

function actionsOf(block) {
  const elements = [...(block?.elements ?? []), ...(block?.actions ?? []), block?.accessory, block?.element];
  return elements
    .flatMap((one) => [one, ...(one?.actions ?? [])])
    .filter((one) => one?.action_id);
}

function section(block, surface) {
  const { accessory } = block;
  const fields = block.fields?.map((field) => h("div", { class: "text" }, textNodes(field)));
  const words = [
    block.text && h("div", { class: "text" }, textNodes(block.text)),
    fields && h("div", { class: "fields" }, fields),
  ];
  if (!accessory) return h("div", null, words);
  const beside =
    accessory.type === "image"
      ? pictureNode(accessory, null, "thumb")
      : elementNode(accessory, surface, block.block_id, block.text?.text ?? "");
  return h("div", { class: "with-accessory" }, h("div", null, words), h("div", { class: "accessory" }, beside));
}

function contextItem(element) {
  if (element.type === "image") return pictureNode(element, null, "tiny");
  return h("span", { class: "text" }, textNodes(element));
}

function row(block, surface) {
  return h(
    "div",
    { class: "actions" },
    (block.elements ?? []).map((one) => elementNode(one, surface, block.block_id)),
  );
}

/** Input blocks: a label, a control, a hint, and what is wrong with what was typed. */

import { control, isControl, isGroup } from "./controls.js";
import { h } from "./dom.js";
import { textNodes } from "./mrkdwn.js";
import { isEmpty } from "./values.js";

/** Return the node of an input block. */
export function inputNode(block, surface) {
  const element = block.element ?? {};
  if (!isControl(element.type)) return h("p", { class: "unknown" }, `Input of the type ${element.type}`);
  const blockId = block.block_id ?? "";
  const id = `${surface.key}-${blockId}-${element.action_id}`.replaceAll(/[^\w-]/g, "-");
  const error = surface.errors?.[blockId];
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const group = isGroup(element.type);
  const naming = {
    "aria-describedby": described || null,
    "aria-invalid": error && !group ? "true" : null,
    "aria-required": block.optional || (group && element.type !== "radio_buttons") ? null : "true",
    "aria-labelledby": group ? `${id}-label` : null,
  };
  const label = [textNodes(block.label), block.optional && h("span", { class: "optional" }, " (optional)")];
  return h(
    "div",
    { class: error ? "input wrong" : "input" },
    group ? h("div", { class: "label", id: `${id}-label` }, label) : h("label", { class: "label", for: id }, label),
    control(element, surface, { blockId, dispatch: Boolean(block.dispatch_action), id, naming }),
    error && h("p", { class: "field-error", id: `${id}-error`, "data-key": "error" }, error),
    block.hint && h("p", { class: "hint", id: `${id}-hint`, "data-key": "hint" }, textNodes(block.hint)),
  );
}

/**
 * Return what is missing or out of bounds, as Slack's client tells it before anything is sent.
 * @param {Object[]} blocks
 * @param {Object} values Slack's state.values
 * @returns {Object<string, string>} block_id -> what is wrong
 */
export function complaintsOf(blocks, values) {
  const found = {};
  for (const block of blocks) {
    if (block.type !== "input") continue;
    const complaint = complaintOf(block, values[block.block_id]?.[block.element?.action_id]);
    if (complaint) found[block.block_id] = complaint;
  }
  return found;
}

function complaintOf({ element = {}, optional }, held) {
  if (!held) return "";
  if (isEmpty(held)) return optional ? "" : "Please fill in this field.";
  const { min_value: least, max_value: most, min_length: shortest } = element;
  if (element.type === "number_input") {
    const number = Number(held.value);
    if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
    if (least !== undefined && number < Number(least)) return `Please enter ${least} or more.`;
    if (most !== undefined && number > Number(most)) return `Please enter ${most} or less.`;
  }
  if (shortest && held.value?.length < shortest) return `Please enter at least ${shortest} characters.`;
  return "";
}

/** Everything of Block Kit that holds a choice or a typed value, as native controls. `values.js` reads them back. */

import { act } from "./acting.js";
import { h } from "./dom.js";
import { textNodes } from "./mrkdwn.js";
import { listOf } from "./store.js";

const TYPED = {
  plain_text_input: "text",
  number_input: "number",
  email_text_input: "email",
  url_text_input: "url",
  rich_text_input: "text",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};
const CHOSEN = ["static_select", "users_select", "conversations_select", "channels_select"];
const MANY = [
  "checkboxes",
  "multi_static_select",
  "multi_users_select",
  "multi_conversations_select",
  "multi_channels_select",
];

/**
 * How a control is embedded.
 * @typedef {Object} Setting
 * @property {string} blockId
 * @property {boolean} dispatch whether a change is sent at once
 * @property {string} id of the element
 * @property {Object} naming attributes that name and describe it
 */

/** Return whether this element type holds a value. */
export function isControl(type) {
  return type in TYPED || CHOSEN.includes(type) || MANY.includes(type) || type === "radio_buttons";
}

/** Return whether it is a group of boxes, which takes a legend instead of a label. */
export function isGroup(type) {
  return MANY.includes(type) || type === "radio_buttons";
}

/**
 * Return the control of an element.
 * @param {Object} element
 * @param {import("./acting.js").Surface} surface
 * @param {Setting} setting
 */
export function control(element, surface, setting) {
  const before = surface.values?.[setting.blockId]?.[element.action_id];
  const marks = {
    "data-key": `action-${element.action_id}`,
    "data-action-id": element.action_id,
    "data-block-id": setting.blockId,
    "data-control": element.type,
  };
  if (element.type in TYPED) return typed(element, surface, setting, marks, before);
  if (CHOSEN.includes(element.type)) return chosen(element, surface, setting, marks, before);
  return boxes(element, surface, setting, marks, before);
}

function typed(element, surface, setting, marks, before) {
  const given = before?.value ?? before?.selected_date ?? before?.selected_time ?? initialOf(element);
  const shown = { ...marks, ...setting.naming, id: setting.id, class: "field", autofocus: element.focus_on_load };
  const limits = {
    minlength: element.min_length,
    maxlength: element.max_length,
    placeholder: element.placeholder?.text,
  };
  const sends = sending(element, surface, setting);
  if (element.multiline || element.type === "rich_text_input") {
    return h("textarea", { ...shown, ...limits, rows: "4" }, given);
  }
  const numbers = { min: element.min_value, max: element.max_value, step: element.is_decimal_allowed ? "any" : null };
  return h("input", {
    ...shown,
    ...limits,
    ...numbers,
    ...sends,
    type: TYPED[element.type],
    value: given,
    autocomplete: "off",
  });
}

function initialOf(element) {
  const at = element.initial_date_time;
  if (at) return new Date(at * 1000).toISOString().slice(0, 16);
  const given = element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  return typeof given === "string" ? given : "";
}

/** Typed text is sent with Enter, or while typing where the block says so; a date as soon as it is chosen. */
function sending(element, surface, setting) {
  if (!setting.dispatch) return {};
  const send = (event) => act(surface, element, setting.blockId, { value: event.target.value });
  if (!element.type.endsWith("_input")) return { onchange: send };
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const onEnter = (event) => event.key === "Enter" && !event.isComposing && (event.preventDefault(), send(event));
  return {
    onkeydown: when.includes("on_enter_pressed") ? onEnter : null,
    onchange: when.includes("on_character_entered") ? send : null,
  };
}

function chosen(element, surface, setting, marks, before) {
  const first =
    before?.selected_option?.value ??
    before?.selected_user ??
    element.initial_option?.value ??
    element.initial_user ??
    element.initial_conversation ??
    element.initial_channel;
  const send = (event) => event.target.value && act(surface, element, setting.blockId, { option: event.target.value });
  const groups = element.option_groups?.map((group) =>
    h(
      "optgroup",
      { label: group.label?.text ?? "" },
      group.options.map((option) => optionNode(option, first)),
    ),
  );
  const options = groups ?? optionsOf(element).map((option) => optionNode(option, first));
  const empty = h("option", { value: "" }, element.placeholder?.text ?? "Choose…");
  const shown = { ...marks, ...setting.naming, id: setting.id, class: "field select" };
  return h("select", { ...shown, onchange: setting.dispatch ? send : null }, empty, options);
}

function optionNode(option, first) {
  const selected = option.value === first;
  return h(
    "option",
    { value: option.value, selected, "data-option": JSON.stringify(option) },
    option.text?.text ?? option.value,
  );
}

/** Return the options of any select; people and places are those that the reader can see. */
function optionsOf(element) {
  const list = element.type.includes("users") ? "people" : "places";
  if (!/users|conversations|channels/.test(element.type)) {
    return element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  }
  return listOf(list).map(({ id, name }) => ({ text: { type: "plain_text", text: name }, value: id }));
}

function boxes(element, surface, setting, marks, before) {
  const single = element.type === "radio_buttons";
  const first = new Set(
    (before?.selected_options ?? [before?.selected_option]).filter(Boolean).map((one) => one.value),
  );
  if (!before) for (const one of element.initial_options ?? [element.initial_option]) first.add(one?.value);
  const send = (event) => act(surface, element, setting.blockId, { option: event.target.value });
  const options = optionsOf(element).map((option) =>
    h(
      "label",
      { class: "choice" },
      h("input", {
        type: single ? "radio" : "checkbox",
        name: `${surface.key}-${setting.blockId}-${element.action_id}`,
        value: option.value,
        checked: first.has(option.value),
        "data-option": JSON.stringify(option),
        onchange: setting.dispatch ? send : null,
      }),
      h("span", null, textNodes(option.text), option.description && h("small", null, textNodes(option.description))),
    ),
  );
  const role = single ? "radiogroup" : "group";
  const long = options.length > 6 ? "choices long" : "choices";
  return h("div", { ...marks, ...setting.naming, id: setting.id, class: long, role, tabindex: "-1" }, options);
}

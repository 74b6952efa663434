/** Reads typed and chosen values back, as Slack's `state.values`. */

/**
 * Return block_id -> action_id -> state object of all controls below an element.
 * @param {Element} root
 * @returns {Object<string, Object<string, Object>>}
 */
export function valuesOf(root) {
  const values = {};
  for (const found of root.querySelectorAll("[data-control]")) {
    const { blockId, actionId, control: type } = found.dataset;
    (values[blockId] ??= {})[actionId] = { type, ...read(type, found) };
  }
  return values;
}

/** Return whether a state object holds nothing. */
export function isEmpty(held) {
  return Object.entries(held ?? {}).every(([name, value]) => name === "type" || value === null || value.length === 0);
}

/** What a control of each type holds, under the name that Slack gives it. */
const READERS = {
  static_select: (found) => ({ selected_option: optionIn(found.selectedOptions[0]) }),
  users_select: (found) => ({ selected_user: found.value || null }),
  conversations_select: (found) => ({ selected_conversation: found.value || null }),
  channels_select: (found) => ({ selected_channel: found.value || null }),
  radio_buttons: (found) => ({ selected_option: checked(found)[0] ?? null }),
  checkboxes: (found) => ({ selected_options: checked(found) }),
  multi_static_select: (found) => ({ selected_options: checked(found) }),
  multi_users_select: (found) => ({ selected_users: idsOf(found) }),
  multi_conversations_select: (found) => ({ selected_conversations: idsOf(found) }),
  multi_channels_select: (found) => ({ selected_channels: idsOf(found) }),
  datepicker: (found) => ({ selected_date: found.value || null }),
  timepicker: (found) => ({ selected_time: found.value || null }),
  datetimepicker: (found) => ({ selected_date_time: found.value ? Date.parse(`${found.value}Z`) / 1000 : null }),
  rich_text_input: (found) => ({ rich_text_value: found.value ? richValue(found.value) : null }),
};

function read(type, found) {
  return READERS[type]?.(found) ?? { value: found.value || null };
}

function idsOf(found) {
  return checked(found).map((option) => option.value);
}

function optionIn(node) {
  return node?.dataset.option ? JSON.parse(node.dataset.option) : null;
}

function checked(found) {
  return Array.from(found.querySelectorAll("input:checked"), optionIn);
}

function richValue(text) {
  const section = { type: "rich_text_section", elements: [{ type: "text", text }] };
  return { type: "rich_text", elements: [section] };
}

/** The interactive elements of blocks: buttons, links, menus, and controls that send what is chosen. */

import { act, isRunning } from "./acting.js";
import { control, isControl } from "./controls.js";
import { classes, h } from "./dom.js";
import { icon } from "./icons.js";
import { plainWords, textNodes } from "./mrkdwn.js";

/**
 * Return the node of an element that stands in an actions block, a card or beside a section.
 * @param {Object} element
 * @param {import("./acting.js").Surface} surface
 * @param {string} blockId
 * @param {string} [about] the words beside it, which name a control that has no words of its own
 */
export function elementNode(element, surface, blockId, about = "") {
  if (element.type === "button") return button(element, surface, blockId);
  if (element.type === "overflow") return overflow(element, surface, blockId);
  if (element.type === "feedback_buttons") return feedback(element, surface, blockId);
  if (element.type === "icon_button") return button({ ...element, text: element.text }, surface, blockId);
  if (element.type === "image") return null;
  if (!isControl(element.type)) return h("span", { class: "unknown" }, `Element of the type ${element.type}`);
  const label = [plainWords(about).slice(0, 80), element.placeholder?.text].filter(Boolean).join(": ");
  const naming = { "aria-label": label || element.action_id };
  return control(element, surface, { blockId, dispatch: true, naming });
}

function button(element, surface, blockId) {
  const named = {
    class: classes("button", element.style),
    "data-key": `action-${element.action_id}`,
    "data-action-id": element.action_id,
    "data-block-id": blockId,
    "aria-label": element.accessibility_label,
  };
  const words = h("span", null, textNodes(element.text));
  const send = () => act(surface, element, blockId);
  if (element.url && /^https?:/i.test(element.url)) {
    // A link button opens its address, and the app is told of it too.
    return h("a", { ...named, href: element.url, target: "_blank", rel: "noopener noreferrer", onclick: send }, words);
  }
  const busy = isRunning(surface, element);
  const spinner = busy && h("span", { class: "spinner", "aria-hidden": "true" });
  const stateOf = { "aria-busy": busy ? "true" : null, "aria-disabled": busy ? "true" : null };
  return h("button", { ...named, ...stateOf, type: "button", onclick: send }, words, spinner);
}

function feedback(element, surface, blockId) {
  const one = (choice, name) =>
    choice &&
    h(
      "button",
      {
        class: "button quiet",
        type: "button",
        "data-key": `action-${element.action_id}-${name}`,
        "data-action-id": element.action_id,
        "data-block-id": blockId,
        "aria-label": choice.accessibility_label,
        onclick: () => act(surface, element, blockId, { option: choice.value }),
      },
      textNodes(choice.text),
    );
  return h("span", { class: "feedback" }, one(element.positive_button, "good"), one(element.negative_button, "bad"));
}

/** A menu behind three dots, by the keyboard as well as by the mouse. */
function overflow(element, surface, blockId) {
  const choose = (option) => (event) => {
    event.currentTarget.closest("details").open = false;
    act(surface, element, blockId, { option: option.value });
  };
  const items = (element.options ?? []).map((option) =>
    h("button", { class: "menu-item", type: "button", onclick: choose(option) }, textNodes(option.text)),
  );
  const named = { "data-action-id": element.action_id, "data-block-id": blockId, "aria-label": "More actions" };
  return h(
    "details",
    { class: "menu", "data-key": `action-${element.action_id}`, onkeydown: steer, onfocusout: closeBehind },
    h("summary", { class: "button icon-only", ...named }, icon("dots")),
    h("div", { class: "menu-list" }, items),
  );
}

function steer(event) {
  const menu = event.currentTarget;
  const stops = Array.from(menu.querySelectorAll("summary, .menu-item"));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" && menu.open) {
    menu.open = false;
    stops[0].focus();
    event.stopPropagation();
    event.preventDefault();
  }
  if (!step) return;
  event.preventDefault();
  menu.open = true;
  stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length]?.focus();
}

function closeBehind(event) {
  if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
}

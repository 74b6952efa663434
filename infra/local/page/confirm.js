/** The question before something is done: Slack's confirm dialog. */

import { h } from "./dom.js";
import { textNodes } from "./mrkdwn.js";

/**
 * Ask, and return whether the reader agreed.
 * @param {Object} question Slack's confirm object: title, text, confirm, deny, style
 * @returns {Promise<boolean>}
 */
export function confirmed(question) {
  return new Promise((resolve) => {
    const dialog = dialogOf(question);
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    dialog.showModal();
  });
}

function dialogOf(question) {
  const style = question.style === "danger" ? "danger" : "primary";
  const parts = [
    h("h2", { id: "confirm-title" }, orWords(question.title, "Are you sure?")),
    h("div", { class: "text", id: "confirm-text" }, textNodes(question.text)),
    h(
      "div",
      { class: "dialog-foot" },
      h("button", { class: "button", value: "no", "data-testid": "confirm-no" }, orWords(question.deny, "Cancel")),
      h(
        "button",
        { class: `button ${style}`, value: "yes", "data-testid": "confirm-yes" },
        orWords(question.confirm, "Yes"),
      ),
    ),
  ];
  const named = { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" };
  const form = h("form", { method: "dialog" }, parts);
  return h("dialog", { class: "dialog small", "data-testid": "confirm", ...named }, form);
}

function orWords(text, words) {
  return text?.text ? textNodes(text) : words;
}

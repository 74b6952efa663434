/** The list of completions over the composer, as a WAI-ARIA combobox with a list box. */

import { read } from "./api.js";
import { h } from "./dom.js";
import { announce } from "./live.js";
import { fillWith } from "./patch.js";
import { state } from "./store.js";

const PAUSE = 120;

export class Completion {
  /**
   * @param {HTMLTextAreaElement} field
   * @param {function(string): void} accept gets the whole new text
   */
  constructor(field, accept) {
    this.field = field;
    this.accept = accept;
    this.items = [];
    this.active = -1;
    this.list = h("ul", {
      class: "completions",
      id: "completions",
      role: "listbox",
      "aria-label": "Commands",
      hidden: true,
    });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-controls": "completions",
      "aria-expanded": "false",
    })) {
      field.setAttribute(name, value);
    }
    field.addEventListener("blur", () => this.close());
  }

  /** Ask the server what could follow this text, in a moment. */
  ask(text) {
    clearTimeout(this.timer);
    this.request?.abort();
    if (!text.startsWith("/") || text.includes("\n")) {
      this.close();
      return;
    }
    this.timer = setTimeout(() => this.#load(text), PAUSE);
  }

  /** Take a key that belongs to the open list; return whether it did. */
  takesKey(event) {
    if (this.list.hidden) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = event.key === "Tab" && !event.shiftKey ? Math.max(0, this.active) : this.active;
    if (step) this.#move(step);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && this.active >= 0))
      this.#choose(chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  /** Close the list and forget what was asked. */
  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.#show([]);
  }

  async #load(text) {
    this.request = new AbortController();
    const asked = new URLSearchParams({ user: state.me, channel: state.place, text });
    const answer = await read(`/api/complete?${asked}`, this.request.signal);
    if (answer && this.field.value === text && document.activeElement === this.field) this.#show(answer.items ?? []);
  }

  #show(items) {
    const opened = items.length > 0 && items.length !== this.items.length;
    this.items = items;
    this.active = -1;
    this.list.hidden = items.length === 0;
    this.field.setAttribute("aria-expanded", String(items.length > 0));
    if (opened) announce(`${items.length} ${items.length === 1 ? "suggestion" : "suggestions"}`);
    this.#draw();
  }

  #move(step) {
    const count = this.items.length;
    this.active = this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count;
    this.#draw();
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
  }

  #choose(index) {
    const item = this.items[index];
    this.close();
    this.accept(item.text);
  }

  #draw() {
    if (this.active < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", `completion-${this.active}`);
    fillWith(
      this.list,
      this.items.map((item, index) =>
        h(
          "li",
          {
            id: `completion-${index}`,
            role: "option",
            class: "completion",
            "data-testid": "completion",
            "aria-selected": String(index === this.active),
            // The field must keep its focus, or the list would close before the click.
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => this.#choose(index),
          },
          h("span", { class: "completion-label" }, item.label || item.text),
          h("span", { class: "completion-help" }, item.help ?? ""),
        ),
      ),
    );
  }
}

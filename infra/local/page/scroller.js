/** Keeps a list of messages at its end while the reader is there, and never moves a reader who has scrolled up. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** So many pixels from the end still count as the end. */
const NEAR = 60;

export class Scroller {
  /** @param {HTMLElement} region what scrolls */
  constructor(region) {
    this.region = region;
    this.atEnd = true;
    this.missed = 0;
    this.pill = h("button", { class: "pill", type: "button", hidden: true, onclick: () => this.toEnd() });
    region.after(this.pill);
    region.addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(region);
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(region.firstElementChild);
  }

  /**
   * Draw, and stay at the end or where the reader is.
   * @param {boolean} moved whether another conversation is shown now
   * @param {function(): number} draw returns how many messages came from others
   */
  around(moved, draw) {
    const stick = moved || this.atEnd;
    const came = draw();
    if (stick) this.toEnd();
    else if (typeof came === "number" && came) this.#miss(came);
  }

  /** Scroll to the end. */
  toEnd() {
    this.region.scrollTop = this.region.scrollHeight;
    this.atEnd = true;
    this.#miss(-this.missed);
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.region;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.atEnd && this.missed) this.#miss(-this.missed);
  }

  #miss(more) {
    this.missed += more;
    this.pill.hidden = this.missed === 0;
    const words = `${this.missed} new ${this.missed === 1 ? "message" : "messages"}`;
    if (this.missed) this.pill.replaceChildren(icon("down"), words);
  }
}

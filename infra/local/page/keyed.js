/** A long list in the page, of which only what changed is built again. */

import { patch } from "./patch.js";

/**
 * One thing of the list. It is built again only when its signature differs.
 * @typedef {{key: string, signature: string, build: function(): Element}} Item
 */

export class KeyedList {
  /** @param {Element} parent holds nothing else */
  constructor(parent) {
    this.parent = parent;
    this.shown = new Map();
  }

  /**
   * Show exactly these, in this order.
   * @param {Item[]} items
   * @returns {string[]} the keys that were not shown before
   */
  draw(items) {
    const kept = new Map();
    const added = [];
    for (const item of items) {
      const before = this.shown.get(item.key);
      if (!before) added.push(item.key);
      kept.set(item.key, current(item, before));
    }
    for (const [key, { node }] of this.shown) if (!kept.has(key)) node.remove();
    let at = this.parent.firstChild;
    for (const { node } of kept.values()) {
      if (node === at) at = at.nextSibling;
      else this.parent.insertBefore(node, at);
    }
    this.shown = kept;
    return added;
  }
}

function current(item, before) {
  if (before?.signature === item.signature) return before;
  const fresh = item.build();
  return { node: before ? updated(before.node, fresh) : fresh, signature: item.signature };
}

/** Focus stays on the same action when what is around it changes; else it goes to the whole. */
function updated(node, fresh) {
  const held = node.contains(document.activeElement) ? document.activeElement : null;
  const shown = patch(node, fresh);
  if (held && document.activeElement !== held) {
    const action = held.dataset.actionId;
    const same = action && shown.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
    (same || shown).focus({ preventScroll: true });
  }
  return shown;
}

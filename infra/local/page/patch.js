/**
 * Turns a shown tree into a freshly built one while keeping what is the same: focus, scroll position, typed text,
 * open sections. Elements with the same `data-key` below the same parent are the same thing.
 */

const HANDLERS = [
  "onclick",
  "onchange",
  "oninput",
  "onkeydown",
  "onsubmit",
  "ontoggle",
  "onfocusout",
  "onscroll",
  "onpointerdown",
];
/** Whether these are open belongs to the reader, not to the data. */
const READERS_OWN = { DETAILS: "open", DIALOG: "open" };

/**
 * Make `old` look like `fresh`, and return the node that is shown now.
 * @param {Node} old a node in the page
 * @param {Node} fresh a node that was just built; it must not be used afterwards
 * @returns {Node}
 */
export function patch(old, fresh) {
  if (!alike(old, fresh)) {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return old;
  }
  patchAttributes(old, fresh);
  for (const name of HANDLERS) if (old[name] !== fresh[name]) old[name] = fresh[name];
  patchChildren(old, Array.from(fresh.childNodes));
  return old;
}

/**
 * Make the children of `parent` look like the fresh ones; focus that got lost goes back to the same thing.
 * @param {Element} parent
 * @param {Array<Node|null|false>} fresh
 */
export function fillWith(parent, fresh) {
  const held = parent.contains(document.activeElement) ? document.activeElement : null;
  patchChildren(parent, fresh.flat(Infinity).filter(Boolean));
  if (held && document.activeElement !== held) refocus(parent, held);
}

/** Focus what stands now where `held` stood: the same node, the same action, or what is around it. */
function refocus(parent, held) {
  const action = held.dataset?.actionId;
  const same = action && parent.querySelector(`[data-action-id="${CSS.escape(action)}"]`);
  const found = held.isConnected ? held : same;
  (found || parent.closest("[tabindex]") || parent).focus?.({ preventScroll: true });
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") : null;
}

function alike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

function patchAttributes(old, fresh) {
  const own = READERS_OWN[old.nodeName];
  for (const { name } of Array.from(old.attributes)) {
    if (name !== own && name !== "style" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== own && name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
}

function patchChildren(parent, fresh) {
  const wanted = new Set(fresh.map(keyOf).filter(Boolean));
  const known = new Map();
  for (const child of parent.childNodes) if (keyOf(child)) known.set(keyOf(child), child);
  let at = parent.firstChild;
  for (const child of fresh) {
    // What is gone is taken out instead of moving what stays, because moving a node takes its focus away.
    while (at && keyOf(at) && !wanted.has(keyOf(at))) at = removed(at);
    const match = keyOf(child) ? known.get(keyOf(child)) : at;
    if (!match || !alike(match, child)) {
      parent.insertBefore(child, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else parent.insertBefore(match, at);
    patch(match, child);
  }
  while (at) at = removed(at);
}

function removed(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

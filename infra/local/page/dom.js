/**
 * Builds DOM nodes. Data only ever becomes text nodes and attributes, so it can never become mark-up or script.
 */

const SVG_SPACE = "http://www.w3.org/2000/svg";

/**
 * Return an element.
 * @param {string} tag
 * @param {?Object<string, *>} props attributes; `on…` are handlers, `style` an object of CSS properties; null and
 *   false are left out, true is an attribute without a value
 * @param {...*} children nodes, texts, numbers, or lists of them; null, undefined and false are left out
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  return filled(document.createElement(tag), props, children);
}

/**
 * Return an element of a drawing; the arguments are those of `h`.
 * @returns {SVGElement}
 */
export function svg(tag, props, ...children) {
  return filled(document.createElementNS(SVG_SPACE, tag), props, children);
}

/** Return the class names that are wanted, as one text. */
export function classes(...names) {
  return names.filter(Boolean).join(" ");
}

/** Return a text that only assistive technology reads. */
export function hidden(...children) {
  return h("span", { class: "hidden" }, ...children);
}

/** Return the element with that id of the page's own frame. */
export function byId(id) {
  return document.getElementById(id);
}

function filled(node, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node[name] = value;
  // The server's content policy refuses style attributes; the style object is allowed.
  else if (name === "style") for (const [key, one] of Object.entries(value)) node.style.setProperty(key, one);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** Images of blocks. Only the page's own may load; any other is shown by what it says in words. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Return an image with its title.
 * @param {{image_url?: string, alt_text?: string}} image
 * @param {?Node[]} title
 * @param {string} [size] "thumb" or "tiny"; otherwise as wide as the message
 */
export function pictureNode(image, title, size = "wide") {
  const alt = image.alt_text ?? "";
  const shown = isOurs(image.image_url)
    ? h("img", { src: image.image_url, alt, class: `picture ${size}`, loading: "lazy" })
    : h(
        "span",
        { class: `picture missing ${size}`, role: "img", "aria-label": alt },
        size === "wide" ? alt : icon("screen"),
      );
  if (size !== "wide") return shown;
  return h("figure", { class: "figure" }, title?.length ? h("figcaption", null, title) : null, shown);
}

/** The server's content policy lets no other address load. */
function isOurs(url) {
  if (!url) return false;
  if (url.startsWith("data:image/")) return true;
  try {
    return new URL(url, location.href).origin === location.origin;
  } catch {
    return false;
  }
}

/** Remembers the reader's choices in this browser, where it allows that. */

const PREFIX = "inferops.";

/** Keep a value under a name. A browser that keeps nothing is no failure. */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Private windows may refuse: the choice then lasts as long as the page.
  }
}

/** Return what was kept under a name, or the fallback. */
export function recall(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Speaks to the page's server. Nothing here ever throws: a failure is an answer like any other. */

const UNREACHABLE = "The try-out's server does not answer.";

/**
 * Ask for something to be done.
 * @param {string} path such as "/api/say"
 * @param {Object} body
 * @returns {Promise<{ok: boolean, error?: string}>}
 */
export async function post(path, body) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await answered(path, init);
  if (!answer) return { ok: false, error: UNREACHABLE };
  return answer.ok ? answer : { ...answer, ok: false, error: answer.error || "The server refused this." };
}

/**
 * Read something; null if there is nothing to be had.
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<?Object>}
 */
export function read(path, signal) {
  return answered(path, { signal });
}

async function answered(path, init) {
  try {
    const response = await fetch(path, init);
    return response.status === 404 ? null : await response.json();
  } catch {
    return null;
  }
}

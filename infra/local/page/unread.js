/** Which conversations hold something that this person has not read yet. The page keeps it, not the server. */

import { isReply } from "./messages.js";
import { listOf, put, state, watch } from "./store.js";

const readUpTo = new Map();

/** Keep `state.unread`: channel id -> how many messages are unread. */
export function startUnread() {
  watch(["messages/", "places", "place", "me", "side"], count);
  document.addEventListener("visibilitychange", count);
}

function count() {
  const unread = {};
  for (const { id, kind } of listOf("places")) {
    const messages = listOf(`messages/${id}`);
    if (isSeen(id)) markRead(id, messages);
    const read = readUpTo.get(`${state.me}/${id}`) ?? 0;
    const found = messages.filter(
      (one) => Number(one.ts) > read && one.user !== state.me && concerns(one, kind),
    ).length;
    if (found) unread[id] = found;
  }
  if (JSON.stringify(unread) !== JSON.stringify(state.unread)) put("unread", unread);
}

/** A reply in a thread is only for those whom it names. */
function concerns(message, kind) {
  return kind === "direct" || !isReply(message) || (message.text ?? "").includes(`<@${state.me}>`);
}

function isSeen(id) {
  const covered = state.side !== "chat" && matchMedia("(max-width: 700px)").matches;
  return id === state.place && !covered && document.visibilityState === "visible";
}

function markRead(id, messages) {
  const last = messages.reduce((most, one) => Math.max(most, Number(one.ts)), 0);
  readUpTo.set(`${state.me}/${id}`, last);
}

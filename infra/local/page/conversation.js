/** The frame of the conversation: its head, the Home tab, the thread's frame, and both composers. */

import { post } from "./api.js";
import { blockNodes } from "./blocks.js";
import { composer } from "./composer.js";
import { byId, h } from "./dom.js";
import { patchDrawer } from "./drawer.js";
import { icon } from "./icons.js";
import { startMessages, startThread, threadMessages } from "./messages.js";
import { fillWith } from "./patch.js";
import { avatar } from "./people.js";
import { openPlace, personOf, put, state, touch, watch } from "./store.js";
import { valuesOf } from "./values.js";

/** Show all of it. */
export function startConversation() {
  const chat = startMessages();
  const thread = startThread();
  byId("chat-foot").append(composer({ kind: "channel", sent: () => chat.toEnd() }));
  byId("thread-foot").append(composer({ kind: "thread", sent: () => thread.toEnd() }));
  watch(["place", "places", "me", "people", "unread"], drawHead);
  watch(["home", "place", "me", "people"], drawHome);
  watch(["place", "me"], openHome);
  watch(["thread", "place", "places", "messages/"], drawThread);
  addEventListener("keydown", closeThreadByKey);
}

function drawHead() {
  const place = openPlace();
  const me = personOf(state.me);
  const direct = place?.kind === "direct";
  const title = state.place === "home" ? `${state.bot?.name ?? "inferops"} Home` : (place?.name ?? "");
  const sign = !place || direct ? null : icon(place.private ? "lock" : "hash");
  fillWith(byId("chat-head"), [
    h(
      "button",
      {
        class: "icon-button menu-button",
        id: "menu",
        type: "button",
        "aria-label": "Conversations and people",
        "data-testid": "menu",
        onclick: () => patchDrawer(true),
      },
      icon("menu"),
    ),
    h("h2", null, sign, title),
    place && !place.bot && !direct && h("span", { class: "quiet not-here" }, "inferops is not in this channel"),
    me &&
      h(
        "span",
        { class: "me" },
        avatar(me.id, "small"),
        h("span", { class: "me-words" }, "Acting as ", h("strong", null, me.name)),
      ),
  ]);
}

function openHome() {
  const home = state.place === "home";
  byId("home").hidden = !home;
  byId("chat-foot").hidden = home;
  if (home && state.me) post("/api/home", { user: state.me });
}

function drawHome() {
  if (state.place !== "home") return;
  const view = state.home;
  const target = { view_id: view?.id };
  const surface = {
    key: `home-${state.me}`,
    kind: "home",
    target,
    redraw: () => touch("home"),
    collect: () => valuesOf(byId("home")),
  };
  const empty = h("p", { class: "empty" }, "This Home tab has nothing in it yet.");
  fillWith(byId("home"), [
    h("div", { class: "home-blocks" }, view?.blocks?.length ? blockNodes(view.blocks, surface) : empty),
  ]);
}

function drawThread() {
  const open = threadMessages().length > 0;
  const was = !byId("thread").hidden;
  byId("thread").hidden = !open;
  byId("app").dataset.thread = open ? "open" : "closed";
  const place = openPlace();
  fillWith(byId("thread-head"), [
    h(
      "h2",
      null,
      "Thread",
      h("span", { class: "quiet" }, place?.kind === "channel" ? ` #${place.name}` : ` ${place?.name ?? ""}`),
    ),
    h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "Close the thread",
        "data-testid": "thread-close",
        onclick: closeThread,
      },
      icon("close"),
    ),
  ]);
  if (open && !was) byId("thread-foot").querySelector("textarea").focus();
}

function closeThread() {
  const from = state.thread;
  put("thread", "");
  const message = document.querySelector(`#message-list [data-ts="${CSS.escape(from)}"]`);
  (message?.querySelector(".thread-link") ?? message)?.focus();
}

function closeThreadByKey(event) {
  if (event.key === "Escape" && !event.defaultPrevented && byId("thread").contains(event.target)) closeThread();
}

/** The left column: conversations with what is unread, the app's Home, and who one is acting as. */

import { byId, classes, h, hidden } from "./dom.js";
import { icon } from "./icons.js";
import { patchDrawer } from "./drawer.js";
import { fillWith } from "./patch.js";
import { avatar, lookOf } from "./people.js";
import { listOf, put, state, watch } from "./store.js";
import { actAs } from "./stream.js";
import { themeSwitch } from "./theme.js";

/** Show the column, and open the first conversation when none is open. */
export function startSidebar() {
  watch(["people", "places", "me", "place", "unread", "bot", "theme"], draw);
  watch(["places"], () => {
    const known = state.place === "home" || listOf("places").some((place) => place.id === state.place);
    if (!known && listOf("places").length) openPlaceOf(firstPlace().id);
  });
}

/** Open a conversation, or the Home tab by the name "home". */
function openPlaceOf(id) {
  put("thread", "");
  put("place", id);
  put("side", "chat");
  patchDrawer(false);
}

function firstPlace() {
  const places = listOf("places");
  return (
    places.find((place) => place.kind === "channel" && place.bot) ??
    places.find((place) => place.kind === "channel") ??
    places[0]
  );
}

function draw() {
  const places = listOf("places");
  const of = (kind) => places.filter((place) => place.kind === kind);
  fillWith(byId("sidebar"), [
    h(
      "div",
      { class: "workspace" },
      h("span", { class: "mark", "aria-hidden": "true" }, icon("bolt")),
      h(
        "div",
        null,
        h("div", { class: "workspace-name" }, "inferops"),
        h("div", { class: "workspace-kind" }, "try-out workspace"),
      ),
      themeSwitch(),
    ),
    h(
      "div",
      { class: "places" },
      group("Channels", of("channel").map(placeLink)),
      group("Direct messages", of("direct").map(placeLink)),
      group("Apps", [homeLink()]),
    ),
    people(),
  ]);
}

function group(title, links) {
  if (!links.length) return null;
  const id = `group-${title.toLowerCase().replace(" ", "-")}`;
  return h("section", { "data-key": id, "aria-labelledby": id }, h("h2", { id }, title), h("ul", null, links));
}

function placeLink(place) {
  const count = state.unread[place.id] ?? 0;
  const face =
    place.kind === "direct" ? avatar(personNamed(place.name), "small") : icon(place.private ? "lock" : "hash");
  return link(
    place.id,
    `place-${place.name}`,
    count,
    face,
    h("span", { class: "place-name" }, place.name),
    count > 0 && h("span", { class: "count" }, String(count), hidden(" unread")),
  );
}

function homeLink() {
  const name = state.bot?.name ?? "inferops";
  return link(
    "home",
    "place-home",
    0,
    avatar(state.bot?.id ?? "", "small"),
    h("span", { class: "place-name" }, `${name} Home`),
  );
}

function link(id, testid, count, ...inside) {
  const current = state.place === id;
  const props = {
    class: classes("place", current && "current", count && "unread"),
    "aria-current": current ? "page" : null,
  };
  const named = { "data-testid": testid, "data-key": id, type: "button", onclick: () => openPlaceOf(id) };
  return h("li", { "data-key": id }, h("button", { ...props, ...named }, inside));
}

function personNamed(name) {
  const bot = state.bot?.name === name ? state.bot.id : "";
  return bot || (listOf("people").find((person) => [person.name, person.real_name].includes(name))?.id ?? "SLACKBOT");
}

function people() {
  return h(
    "section",
    { class: "people", "aria-labelledby": "acting-as", "data-key": "people" },
    h("h2", { id: "acting-as" }, "Acting as"),
    h("ul", null, listOf("people").map(actor)),
  );
}

function actor(person) {
  const current = person.id === state.me;
  const chips = [...(person.guest ? ["guest"] : []), ...(person.groups ?? [])];
  return h(
    "li",
    { "data-key": person.id },
    h(
      "button",
      {
        class: classes("actor", lookOf(person.id), current && "current"),
        type: "button",
        "data-testid": `actor-${person.name}`,
        "data-key": person.id,
        "aria-pressed": String(current),
        onclick: () => actAs(person.id),
      },
      avatar(person.id),
      h(
        "span",
        { class: "actor-words" },
        h(
          "span",
          { class: "actor-name" },
          person.name,
          person.real_name &&
            person.real_name !== person.name &&
            h("span", { class: "real-name" }, ` ${person.real_name}`),
        ),
        h(
          "span",
          { class: "chips" },
          chips.map((chip) => h("span", { class: "group-chip" }, chip)),
        ),
      ),
      current && icon("check"),
    ),
  );
}

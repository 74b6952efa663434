/** Emoji by the names that Slack gives them: those that an operations channel meets. Others are shown by name. */

import { svg } from "./dom.js";

// A row for each emoji would make a page of what is read at a glance.
// prettier-ignore
const EMOJI = {
  "+1": "👍", "-1": "👎", "100": "💯", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️",
  arrows_counterclockwise: "🔄", bell: "🔔", boom: "💥", bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈",
  clipboard: "📋", clock1: "🕐", cloud: "☁️", construction: "🚧", eyes: "👀", exclamation: "❗", fire: "🔥",
  gear: "⚙️", globe_with_meridians: "🌐", green_circle: "🟢", grey_question: "❔", hammer_and_wrench: "🛠️",
  heart: "❤️", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳", information_source: "ℹ️",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_yellow_circle: "🟡", link: "🔗", lock: "🔒",
  mag: "🔍", memo: "📝", moneybag: "💰", no_entry: "⛔", no_entry_sign: "🚫", ok_hand: "👌", package: "📦",
  pause_button: "⏸️", point_right: "👉", pushpin: "📌", question: "❓", raised_hands: "🙌", red_circle: "🔴",
  robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", seedling: "🌱", shield: "🛡️", smile: "😄", smiley: "😃",
  sparkles: "✨", stopwatch: "⏱️", tada: "🎉", thinking_face: "🤔", thumbsdown: "👎", thumbsup: "👍", unlock: "🔓",
  warning: "⚠️", wave: "👋", wastebasket: "🗑️", white_check_mark: "✅", wrench: "🔧", x: "❌",
  yellow_circle: "🟡", zap: "⚡",
};

/** Those that carry a state on the bot's cards are drawn, because not every system has a font for them. */
const DRAWN = {
  white_check_mark: ["ok", "M5.5 12.5l4 4 9-9.5"],
  warning: ["careful", "M12 6.5v7m0 3.5v.1"],
  x: ["wrong", "M7 7l10 10M17 7 7 17"],
};

/** Return a drawing of the emoji of that name, or null. */
export function drawnEmoji(name) {
  if (!Object.hasOwn(DRAWN, name)) return null;
  const [look, path] = DRAWN[name];
  const field = svg("rect", { x: 1, y: 1, width: 22, height: 22, rx: 6 });
  const named = { role: "img", "aria-label": name.replaceAll("_", " ") };
  return svg("svg", { class: `drawn ${look}`, viewBox: "0 0 24 24", ...named }, field, svg("path", { d: path }));
}

/** Return the emoji of that name, or null. */
export function emojiOf(name) {
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : null;
}

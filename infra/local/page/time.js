/** The virtual clock, and times in words. All times are shown in UTC, as the bot's own fallback texts are. */

import { state } from "./store.js";

const DAY = 86_400_000;
let heardAt = 0;

/** Note when the clock was told, so that it can tick on by itself. */
export function noteClock() {
  heardAt = performance.now();
}

/** Return the virtual time now, in milliseconds. */
export function virtualNow() {
  const { clock } = state;
  if (!clock) return Date.now();
  const told = Date.parse(clock.now);
  const runs = !clock.paused && typeof clock.speed === "number";
  return runs ? told + (performance.now() - heardAt) * clock.speed : told;
}

/** Return how long it has been since then, short: "3 m 20 s". */
export function ageOf(iso) {
  return spanOf(virtualNow() - Date.parse(iso));
}

/** Return a span of milliseconds in as few units as tell enough: "45 s", "3 m 20 s", "25 m", "3 h 5 m", "26 h". */
export function spanOf(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (!Number.isFinite(seconds)) return "";
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  if (minutes < 1) return `${seconds} s`;
  if (minutes < 10) return `${minutes} m ${seconds % 60} s`;
  if (hours < 1) return `${minutes} m`;
  if (hours < 10) return `${hours} h ${minutes % 60} m`;
  return hours < 48 ? `${hours} h` : `${days} d`;
}

/** Return the time of day, "09:03" or with seconds "09:03:20". */
export function timeOfDay(when, seconds = false) {
  const shown = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds && { second: "2-digit" }) };
  return worded(when, shown);
}

/** Return the day's name as a divider shows it: "Today", "Yesterday", or the date. */
export function dayOf(when) {
  return relative(when, { capital: true }) ?? worded(when, { weekday: "long", month: "long", day: "numeric" });
}

/** Return a text that is the same for all moments of one day. */
export function dayKey(when) {
  return dateOf(when).toISOString().slice(0, 10);
}

/** What Slack's date tokens stand for. */
const TOKENS = {
  date_num: (when) => dayKey(when),
  date_slash: (when) => worded(when, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (when) => worded(when, { month: "long", day: "numeric", year: "numeric" }),
  date_short: (when) => worded(when, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (when) => worded(when, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  date_pretty: (when) => relative(when, {}) ?? TOKENS.date(when),
  date_short_pretty: (when) => relative(when, {}) ?? TOKENS.date_short(when),
  date_long_pretty: (when) => relative(when, {}) ?? TOKENS.date_long(when),
  day_divider_pretty: (when) => relative(when, {}) ?? TOKENS.date_long(when),
  time: (when) => timeOfDay(when),
  time_secs: (when) => timeOfDay(when, true),
  ago: (when) => (when > virtualNow() ? `in ${spanOf(when - virtualNow())}` : `${spanOf(virtualNow() - when)} ago`),
};

/**
 * Return a moment as Slack's date format says, or the fallback where the format or the moment makes no sense.
 * @param {number} seconds Unix time
 * @param {string} format such as "{date_short_pretty} at {time}"
 * @param {string} fallback
 */
export function slackDate(seconds, format, fallback) {
  const when = seconds * 1000;
  if (!Number.isFinite(when) || Math.abs(when) > 8.64e15) return fallback;
  const known = /\{(\w+)\}/g;
  if (![...format.matchAll(known)].every(([, name]) => name in TOKENS)) return fallback;
  return format.replace(known, (_, name) => TOKENS[name](when));
}

function relative(when, { capital = false }) {
  const days = Math.round((Date.parse(dayKey(when)) - Date.parse(dayKey(virtualNow()))) / DAY);
  const word = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
  return word && capital ? word[0].toUpperCase() + word.slice(1) : word;
}

function worded(when, shown) {
  return new Intl.DateTimeFormat("en-US", { timeZone: "UTC", ...shown }).format(dateOf(when));
}

/** A moment that makes no sense must not keep the rest of the page from being drawn. */
function dateOf(when) {
  return new Date(Number.isFinite(when) ? when : 0);
}

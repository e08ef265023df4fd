// Times and sizes, written as the server writes them (webapp/templatetags/rollcall.py).
import { say } from "rollcall/api";

/** "0:48", "12:40", "1:02:14". @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** The length of a whole, rounded: what has a length is never "0:00". @param {number} seconds */
export const clockLength = (seconds) => clock(seconds > 0 ? Math.max(1, Math.round(seconds)) : 0);

/** "6 h 12 min", "1 min 8 s", "3 min", "2 s", "under 1 s". @param {number} seconds */
export function spoken(seconds) {
  const whole = Math.round(seconds);
  if (!whole && seconds) return say("time.moment");
  if (whole < 60) return say("time.seconds", { s: whole });
  if (whole < 3600)
    return say(whole % 60 ? "time.minutes_seconds" : "time.minutes", { m: Math.floor(whole / 60), s: whole % 60 });
  const minutes = Math.round(whole / 60);
  return say(minutes % 60 ? "time.hours_minutes" : "time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

/** "812 KB", "1.4 GB". @param {number} count */
export function bytes(count) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit > 1 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long the rest takes, in words. @param {number} seconds */
export function timeLeft(seconds) {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 60) return say("upload.left.seconds");
  if (seconds < 90 * 60) return say("upload.left.minutes", { n: Math.round(seconds / 60) });
  return say("upload.left.hours", { n: Math.round(seconds / 3600) });
}

/**
 * A date in the browser's own format and time zone: "30 Nov 2026, 06:43", "Nov 30, 2026".
 * @param {string} at a moment or a plain date, in ISO 8601
 * @param {boolean} isDay without the time of day
 * @param {string | undefined} [locale] the browser's, unless a test asks for another
 */
export function localTime(at, isDay, locale = undefined) {
  // A plain date is the same day everywhere.
  const timeZone = at.includes("T") ? undefined : "UTC";
  /** @type {Intl.DateTimeFormatOptions} */
  const style = isDay ? { dateStyle: "medium", timeZone } : { dateStyle: "medium", timeStyle: "short", timeZone };
  return new Intl.DateTimeFormat(locale, style).format(new Date(at));
}

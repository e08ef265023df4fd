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

/** "2 s", "3 min". @param {number} seconds */
export const spoken = (seconds) =>
  seconds < 60 ? say("panel.seconds", { n: seconds }) : say("panel.minutes", { n: Math.round(seconds / 60) });

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

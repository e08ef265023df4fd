// Face boxes of a video, fetched in windows ahead of the playing moment.
import { fetchJson } from "rollcall/api";

const WINDOW_S = 60;
const AHEAD_S = 20;
const KEPT = 6;

export class BoxWindows {
  #windows = new Map();

  /** @param {string} url @param {() => void} onLoaded */
  constructor(url, onLoaded) {
    this.url = url;
    this.onLoaded = onLoaded;
  }

  /** The window for a moment, or null while it is under way. @param {number} time */
  at(time) {
    const index = Math.floor(Math.max(0, time) / WINDOW_S);
    this.#want(index);
    if (time % WINDOW_S > WINDOW_S - AHEAD_S) this.#want(index + 1);
    return this.#windows.get(index)?.data ?? null;
  }

  forget() {
    this.#windows.clear();
  }

  /** @param {number} index */
  #want(index) {
    if (this.#windows.has(index)) return;
    const entry = { data: /** @type {any} */ (null) };
    this.#windows.set(index, entry);
    if (this.#windows.size > KEPT) this.#windows.delete(this.#windows.keys().next().value);
    this.#load(index, entry);
  }

  /** @param {number} index @param {{ data: any }} entry */
  async #load(index, entry) {
    try {
      entry.data = await fetchJson(`${this.url}?from=${index * WINDOW_S}&to=${(index + 1) * WINDOW_S}`);
      this.onLoaded();
    } catch {
      // Without boxes the video still plays; asked again when the moment comes back after a while.
      setTimeout(() => this.#windows.get(index) === entry && this.#windows.delete(index), 5000);
    }
  }
}

/**
 * The box of a track at a moment, between its samples; null in gaps, before and after.
 * @param {Track} options
 * @param {number} time
 */
export function boxAt({ times_s: times, boxes, max_gap_s: gap }, time) {
  let [low, high] = [0, times.length - 1];
  // The comparison of floats allows for the container's rounding to milliseconds.
  if (high < 0 || time < times[0] - 0.002 || time > times[high] + 0.002) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle;
    else high = middle;
  }
  const between = times[high] - times[low];
  if (between === 0 || time <= times[low]) return boxes[low];
  if (time >= times[high]) return boxes[high];
  if (between > gap) return null;
  const share = (time - times[low]) / between;
  return boxes[low].map((side, n) => side + share * (boxes[high][n] - side));
}

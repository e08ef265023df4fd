// The part of a video that the time axis shows, and the moments written under it.

/** Seconds between two marks that people read easily. */
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
/** Room for the words of the last mark. */
const WORDS_PX = 48;
const LEAST_VISIBLE_S = 4;
const MOST_ZOOM = 64;

/**
 * The whole seconds to write, at least `apart` pixels from one another, none where its words would be cut off.
 * @param {number} from
 * @param {number} to
 * @param {number} width in pixels
 * @param {number} apart
 */
export function marks(from, to, width, apart = 84) {
  const wanted = ((to - from) * apart) / Math.max(width, 1);
  const step = STEPS_S.find((each) => each >= wanted) ?? Math.ceil(wanted / 3600) * 3600;
  const found = [];
  const last = to - ((to - from) * WORDS_PX) / Math.max(width, 1);
  for (let time = Math.ceil(from / step) * step; time <= last; time += step) found.push(time);
  return found;
}

/** The largest useful zoom of a video. @param {number} length in seconds */
export const mostZoom = (length) => Math.min(MOST_ZOOM, Math.max(1, length / LEAST_VISIBLE_S));

/**
 * Where the visible part begins, as a share of the whole, so that it stays within the whole.
 * @param {number} from
 * @param {number} zoom
 */
export const within = (from, zoom) => Math.min(Math.max(0, from), 1 - 1 / zoom);

/**
 * A new zoom that leaves a moment at the place on the screen where it is; out of sight it comes to the middle.
 * @param {{ zoom: number; from: number }} view
 * @param {number} zoom
 * @param {number} moment as a share of the whole
 */
export function zoomed(view, zoom, moment) {
  const place = (moment - view.from) * view.zoom;
  const kept = place >= 0 && place <= 1 ? place : 0.5;
  return { zoom, from: within(moment - kept / zoom, zoom) };
}

/**
 * The view that shows a moment: the same one while it is in sight, else one that begins a little before it.
 * @param {{ zoom: number; from: number }} view
 * @param {number} moment as a share of the whole
 */
export function following(view, moment) {
  const place = (moment - view.from) * view.zoom;
  return place >= 0 && place <= 1 ? view : { ...view, from: within(moment - 0.1 / view.zoom, view.zoom) };
}

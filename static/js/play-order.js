// What is played when only one person is: their appearances one after the other, with a little before and behind each.

/** @typedef {[start: number, end: number]} Span */

/** Seconds before and behind an appearance, so that a cut does not fall on the first and last frame of a face. */
const PADDING_S = 0.3;
/** A player that was sent to a moment may land a frame before it. */
const EDGE_S = 0.05;

/**
 * The stretches to play: padded, within the video, those that touch are one.
 * @param {Span[]} spans in order of time
 * @param {number} length of the video, in seconds
 * @returns {Span[]}
 */
export function stretches(spans, length) {
  /** @type {Span[]} */
  const found = [];
  for (const [start, end] of spans) {
    const padded = /** @type {Span} */ ([Math.max(0, start - PADDING_S), Math.min(length, end + PADDING_S)]);
    const last = found.at(-1);
    if (last && padded[0] <= last[1]) last[1] = Math.max(last[1], padded[1]);
    else if (padded[1] > padded[0]) found.push(padded);
  }
  return found;
}

/**
 * Which appearance a moment belongs to, from 1: the latest that has begun, what is played before it included.
 * @param {Span[]} spans in order of time
 * @param {number} time
 */
export const placeAt = (spans, time) =>
  Math.max(1, spans.filter(([start]) => start <= time + PADDING_S + EDGE_S).length);

/**
 * What to do at a moment: go on ("stay"), jump to the next stretch, or end behind the last one. `place` counts from 1.
 * @param {Span[]} parts
 * @param {number} time
 * @returns {{ place: number; jump: number | null; isOver: boolean }}
 */
export function stepAt(parts, time) {
  const next = parts.findIndex(([, end]) => time < end - EDGE_S);
  if (next < 0) return { place: parts.length, jump: null, isOver: true };
  const [start] = parts[next];
  return { place: next + 1, jump: time < start - EDGE_S ? start : null, isOver: false };
}

/**
 * A moment well inside of an appearance: at its very first frame there may be no box yet.
 * @param {Span} span
 */
export const inside = ([start, end]) => start + Math.min(0.1, (end - start) / 2);

/**
 * The appearance to go to from a moment, round the end.
 * @param {Span[]} spans in order of time
 * @param {number} time
 * @param {number} step 1 or -1
 * @returns {Span | undefined}
 */
export function neighbour(spans, time, step) {
  if (step > 0) return spans.find(([start]) => start > time + EDGE_S) ?? spans[0];
  // Shortly behind the start of an appearance "previous" is the one before it.
  return spans.findLast(([start]) => start < time - 1) ?? spans.at(-1);
}

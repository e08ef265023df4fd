// Where the labels of boxes go: outside of every face, and not on one another. A label without such a place stays away.

/**
 * @typedef {{ x: number; y: number; width: number; height: number }} Rect
 * @typedef {{ width: number; height: number }} Size
 * @typedef {{ id: string; box: Rect; label: Size; isFirst: boolean }} Labelled
 * @typedef {{ x: number; y: number; way: number }} Place
 */

const GAP = 3;
/** A label inside of a box that is so many times as high covers no more than a chin. */
const ROOMY = 5;

/**
 * The places of a label around its box, the best first: above, below, beside, at the lower edge inside.
 * @param {Rect} box
 * @param {Size} label
 * @returns {[x: number, y: number][]}
 */
function around({ x, y, width, height }, label) {
  const [above, below] = [y - label.height - GAP, y + height + GAP];
  const right = x + width - label.width;
  return [
    [x, above],
    [right, above],
    [x, below],
    [right, below],
    [x + width + GAP, y],
    [x - label.width - GAP, y],
    [x + width + GAP, y + height - label.height],
    [x - label.width - GAP, y + height - label.height],
    [x + (width - label.width) / 2, y + height - label.height - GAP],
  ];
}
const INSIDE = 8;

/** @param {Rect} one @param {Rect} other */
const overlap = (one, other) =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

/** @param {Rect} one @param {Rect} area */
const isWithin = (one, area) =>
  one.x >= area.x &&
  one.y >= area.y &&
  one.x + one.width <= area.x + area.width &&
  one.y + one.height <= area.y + area.height;

/**
 * Places labels one after the other, the important ones first. A label stays where it was in the frame before (`last`)
 * while that place is free: it would flicker otherwise. null: there is no place for it.
 * @param {Labelled[]} items
 * @param {Rect} area the picture
 * @param {Map<string, Place | null>} [last]
 * @returns {Map<string, Place | null>}
 */
export function placeLabels(items, area, last = new Map()) {
  const order = [...items].sort(
    (one, other) =>
      Number(other.isFirst) - Number(one.isFirst) ||
      other.box.width * other.box.height - one.box.width * one.box.height,
  );
  /** @type {Rect[]} */
  const taken = [];
  const places = new Map();
  for (const { id, box, label } of order) {
    const spots = around(box, label);
    /** @param {number} way */
    const isFree = (way) => {
      const rect = { x: spots[way][0], y: spots[way][1], ...label };
      const faces = items.filter((item) => way !== INSIDE || item.id !== id).map((item) => item.box);
      const isRoomy = way !== INSIDE || (box.height >= ROOMY * label.height && box.width >= label.width);
      return isRoomy && isWithin(rect, area) && ![...faces, ...taken].some((other) => overlap(rect, other));
    };
    const before = last.get(id)?.way;
    const ways = before === undefined ? [...spots.keys()] : [before, ...spots.keys()];
    const free = ways.find(isFree);
    if (free === undefined) {
      places.set(id, null);
      continue;
    }
    const [x, y] = spots[free];
    taken.push({ x, y, ...label });
    places.set(id, { x, y, way: free });
  }
  return places;
}
